import { signal } from '@preact/signals';
import { Problem } from '../api/problem';
import { getTask } from '../api/tasks';
import type { LogFrame, Message, ProgressFrame } from '../client/frame';
import { LogBook } from '../log/book';
import { LogFeed, serverLog } from '../log/feed';
import { adopt, born, fold } from '../task/fold';
import { isFinal, type Task } from '../task/task';
import { link } from './link';
import { beforePaint } from './paint';

/** What a task's page knows: one task and the end of its log, kept live by one WebSocket. */
export class Watch {
  readonly task = signal<Task | undefined>(undefined);
  /** There is no such task, or not yet: a creator may hand out the link first. */
  readonly missing = signal(false);
  readonly problem = signal<unknown>(null);
  readonly book = new LogBook(beforePaint);
  readonly link = link((message) => this.receive(message));
  private readonly feed: LogFeed;
  private held: Task | undefined;
  private connections = 0;
  private waiting = false;

  constructor(readonly id: string) {
    this.feed = new LogFeed(this.book, serverLog(id));
  }

  start(): void {
    this.link.connection.subscribe('task', { taskId: this.id, logs: true });
    this.link.connection.open();
    void this.refresh();
  }

  report = (problem: unknown): void => {
    this.problem.value = problem;
  };

  private receive(message: Message): void {
    switch (message.event) {
      case 'connected':
        if (++this.connections > 1) void this.refresh();
        break;
      case 'subscribed':
        if (this.held) void this.feed.catchUp();
        break;
      case 'progress':
        this.progress(message.data as ProgressFrame);
        break;
      case 'log':
        if ((message.data as LogFrame).taskId === this.id) this.feed.frame(message.data as LogFrame);
    }
  }

  private progress(frame: ProgressFrame): void {
    if (frame.taskId !== this.id) return;
    const before = this.held;
    const after = before ? fold(before, frame) : born(frame);
    if (!after) void this.refresh();
    else if (after !== before) this.hold(after);
    // The end: metadata and exact times stand in the task only, and the log has its last line.
    if (before && after && !isFinal(before.state) && isFinal(after.state)) void this.refresh();
  }

  private async refresh(): Promise<void> {
    try {
      this.hold(adopt(this.held, await getTask(this.id)));
      if (this.problem.peek() instanceof Problem) this.problem.value = null;
      void this.feed.catchUp();
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 404) this.missing.value = true;
      else this.report(problem);
    }
  }

  private hold(task: Task): void {
    this.held = task;
    this.missing.value = false;
    if (this.waiting) return;
    this.waiting = true;
    beforePaint(() => {
      this.waiting = false;
      this.task.value = this.held;
    });
  }
}
