import { signal } from '@preact/signals';

/** A page never holds more lines than about this; the raw log has them all. */
export const CAPACITY = 5_000;
/** Lines of a full block. A full block never changes, so that it is drawn once. */
const BLOCK = 100;

/** Some lines in a row. `from` is the number of the first one. */
export interface Block {
  readonly from: number;
  readonly lines: readonly string[];
}

/**
 * The end of a task's log, in blocks. Lines are taken by their number, whatever the order of the live frames and the
 * answers of the REST API: no line is shown twice, and a hole shows as a jump from one block to the next.
 */
export class LogBook {
  readonly blocks = signal<readonly Block[]>([]);
  private held: Block[] = [];
  private waiting = false;

  constructor(private readonly schedule: (flush: () => void) => void) {}

  /** The number of the line after the last one held; 1 while there is none. */
  get next(): number {
    const last = this.held.at(-1);
    return last ? last.from + last.lines.length : 1;
  }

  /** Takes lines, the first of which has the number `from`. Those that are held already are dropped. */
  take(from: number, lines: readonly string[]): void {
    const known = this.held.length ? this.next - from : 0;
    const fresh = known > 0 ? lines.slice(known) : lines;
    if (fresh.length === 0) return;
    this.append(Math.max(from, known > 0 ? this.next : from), fresh);
    this.trim();
    if (this.waiting) return;
    this.waiting = true;
    this.schedule(this.flush);
  }

  flush = (): void => {
    this.waiting = false;
    this.blocks.value = [...this.held];
  };

  private append(from: number, lines: readonly string[]): void {
    let rest = lines;
    let at = from;
    const last = this.held.at(-1);
    if (last && last.lines.length < BLOCK && last.from + last.lines.length === from) {
      const room = BLOCK - last.lines.length;
      this.held[this.held.length - 1] = { from: last.from, lines: [...last.lines, ...rest.slice(0, room)] };
      rest = rest.slice(room);
      at += room;
    }
    for (let i = 0; i < rest.length; i += BLOCK) {
      this.held.push({ from: at + i, lines: rest.slice(i, i + BLOCK) });
    }
  }

  private trim(): void {
    let lines = this.held.reduce((sum, block) => sum + block.lines.length, 0);
    while (lines - this.held[0]!.lines.length >= CAPACITY) lines -= this.held.shift()!.lines.length;
  }
}
