import { signal } from '@preact/signals';
import { Problem } from '../api/problem';
import { getTask, listTasks } from '../api/tasks';
import type { Message, ProgressFrame } from '../client/frame';
import { TaskList } from '../task/list';
import type { Task } from '../task/task';
import { link } from './link';
import { beforePaint } from './paint';

/** How many tasks one request asks for. */
const PAGE = 100;
/** How many tasks are looked up at the same time. */
const LOOKUPS = 4;

/** What the dashboard knows: the list, kept live by one WebSocket, and filled from the REST API. */
export class Board {
  readonly list = new TaskList(beforePaint);
  readonly cursor = signal<string | null>(null);
  readonly loading = signal(false);
  readonly loaded = signal(false);
  readonly problem = signal<unknown>(null);
  /** Counts the connections: what may differ after a restart of the server is read again. */
  readonly generation = signal(0);
  readonly link = link((message) => this.receive(message));
  private readonly wanted = new Set<string>();
  private lookups = 0;
  private subscribed = false;

  start(): void {
    this.link.connection.open();
    void this.refresh();
  }

  /** Shows a task that this page started. */
  add = (task: Task): void => this.list.merge([task]);

  report = (problem: unknown): void => {
    this.problem.value = problem;
  };

  /** Loads older tasks. */
  more = async (): Promise<void> => {
    const cursor = this.cursor.peek();
    if (!cursor || this.loading.peek()) return;
    this.loading.value = true;
    try {
      const page = await listTasks(PAGE, cursor);
      this.list.merge(page.tasks);
      this.cursor.value = page.nextCursor;
    } catch (problem) {
      this.report(problem);
    } finally {
      this.loading.value = false;
    }
  };

  private receive(message: Message): void {
    if (message.event === 'connected') {
      this.generation.value++;
      if (this.generation.peek() > 1 || !this.loaded.peek()) void this.refresh();
    } else if (message.event === 'progress') {
      const frame = message.data as ProgressFrame;
      if (!this.list.apply(frame)) this.want(frame.taskId);
    }
  }

  /**
   * Reads the newest tasks, and those that are shown as unfinished, at the start and after each loss. The first time the
   * subscription follows, from the newest event that was read: so it need not bring every task that was ever kept.
   */
  private async refresh(): Promise<void> {
    if (this.loading.peek()) return;
    this.loading.value = true;
    try {
      const page = await listTasks(PAGE);
      const unfinished = this.list.unfinished();
      this.list.merge(page.tasks);
      if (!this.loaded.peek()) this.cursor.value = page.nextCursor;
      this.loaded.value = true;
      const read = new Set(page.tasks.map((task) => task.id));
      unfinished.filter((id) => !read.has(id)).forEach((id) => this.want(id));
      if (unreachable(this.problem.peek())) this.problem.value = null;
      this.subscribe(page.tasks.reduce((seq, task) => Math.max(seq, task.seq), 0));
    } catch (problem) {
      this.report(problem);
      // Without an answer there is no connection either: the next one brings both.
      if (!unreachable(problem)) this.subscribe(0);
    } finally {
      this.loading.value = false;
    }
  }

  private subscribe(since: number): void {
    if (this.subscribed) return;
    this.subscribed = true;
    this.link.connection.subscribe('board', since > 0 ? { all: true, since } : { all: true });
  }

  private want(id: string): void {
    this.wanted.add(id);
    if (this.lookups < LOOKUPS) void this.lookUp();
  }

  private async lookUp(): Promise<void> {
    this.lookups++;
    for (const id of this.wanted) {
      this.wanted.delete(id);
      try {
        this.list.merge([await getTask(id)]);
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 404) this.list.remove(id);
      }
    }
    this.lookups--;
  }
}

function unreachable(problem: unknown): boolean {
  return problem instanceof Problem && problem.code === 'unreachable';
}
