import { batch, signal, type Signal } from '@preact/signals';
import type { ProgressFrame, State } from '../client/frame';
import { adopt, born, fold } from './fold';
import { isFinal, newestFirst, STATES, type Task } from './task';

/** No more rows than this; the oldest final ones go first. */
const CAPACITY = 2_000;

/**
 * The tasks of a page. What comes in is folded at once and shown at the next `flush`, so that a thousand reports a
 * second cost one drawing a frame, and a report redraws the row of its task alone.
 */
export class TaskList {
  readonly ids = signal<readonly string[]>([]);
  readonly counts = signal<Record<State, number>>(zero());
  private readonly tasks = new Map<string, Task>();
  private readonly rows = new Map<string, Signal<Task>>();
  private readonly changed = new Set<string>();
  private membership = false;
  private waiting = false;

  /** `schedule` is called when something waits to be shown; it has to call `flush` before long. */
  constructor(private readonly schedule: (flush: () => void) => void) {}

  get(id: string): Task | undefined {
    return this.tasks.get(id);
  }

  /** The signal of a task that is in `ids`. */
  row(id: string): Signal<Task> | undefined {
    return this.rows.get(id);
  }

  /** Every task that is held and has not ended. */
  unfinished(): string[] {
    return [...this.tasks.values()].filter((task) => !isFinal(task.state)).map((task) => task.id);
  }

  /** Takes a frame. False if its task is not known and the frame does not tell enough about it. */
  apply(frame: ProgressFrame): boolean {
    const held = this.tasks.get(frame.taskId);
    const task = held ? fold(held, frame) : born(frame);
    if (!task) return false;
    if (task !== held) this.put(task);
    return true;
  }

  /** Takes tasks as the REST API answers them. */
  merge(tasks: readonly Task[]): void {
    for (const task of tasks) this.put(adopt(this.tasks.get(task.id), task));
  }

  remove(id: string): void {
    if (!this.tasks.delete(id)) return;
    this.membership = true;
    this.touch(id);
  }

  flush = (): void => {
    this.waiting = false;
    batch(() => {
      for (const id of this.changed) this.show(id);
      this.changed.clear();
      if (this.membership) this.arrange();
      this.count();
    });
  };

  private put(task: Task): void {
    if (!this.tasks.has(task.id)) this.membership = true;
    this.tasks.set(task.id, task);
    this.touch(task.id);
  }

  private touch(id: string): void {
    this.changed.add(id);
    if (this.waiting) return;
    this.waiting = true;
    this.schedule(this.flush);
  }

  private show(id: string): void {
    const task = this.tasks.get(id);
    const row = this.rows.get(id);
    if (!task) this.rows.delete(id);
    else if (row) row.value = task;
    else this.rows.set(id, signal(task));
  }

  private arrange(): void {
    this.membership = false;
    const order = [...this.tasks.values()].sort(newestFirst);
    for (let i = order.length - 1; i >= 0 && order.length > CAPACITY; i--) {
      const task = order[i]!;
      if (!isFinal(task.state)) continue;
      order.splice(i, 1);
      this.tasks.delete(task.id);
      this.rows.delete(task.id);
    }
    this.ids.value = order.map((task) => task.id);
  }

  private count(): void {
    const counts = zero();
    for (const task of this.tasks.values()) counts[task.state]++;
    const old = this.counts.peek();
    if (STATES.some((state) => old[state] !== counts[state])) this.counts.value = counts;
  }
}

function zero(): Record<State, number> {
  return { queued: 0, running: 0, canceling: 0, succeeded: 0, failed: 0, canceled: 0 };
}
