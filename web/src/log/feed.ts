import { logFrom, logTail, type Lines } from '../api/log';
import type { LogFrame } from '../client/frame';
import { CAPACITY, type LogBook } from './book';

/** How many earlier lines a page shows at first. */
const TAIL = 1_000;

/** Where earlier lines come from: the REST API, or a test. */
export interface LogSource {
  tail(count: number): Promise<Lines>;
  from(line: number): Promise<Lines>;
}

/**
 * Brings the live lines and the earlier ones together. While it reads earlier ones it holds the live ones back, so that
 * a subscription that stands before `catchUp` is called leaves no hole.
 */
export class LogFeed {
  private held: LogFrame[] = [];
  private reading: Promise<void> | undefined;
  private wanted: number | undefined;
  private started = false;

  constructor(
    private readonly book: LogBook,
    private readonly source: LogSource,
  ) {}

  /** Takes a live frame. */
  frame(frame: LogFrame): void {
    if (!this.started || this.reading) {
      this.held.push(frame);
      return;
    }
    if (frame.from > this.book.next) {
      this.held.push(frame);
      void this.catchUp(frame.from);
    } else this.book.take(frame.from, frame.lines);
  }

  /** Reads what is missing between the book and now, or `until` a line that is known to be far ahead. */
  catchUp(until = 0): Promise<void> {
    this.wanted = Math.max(this.wanted ?? 0, until);
    this.reading ??= this.readAll();
    return this.reading;
  }

  /** Reads until nobody asked for more meanwhile: an answer that was on its way may lack the newest lines. */
  private async readAll(): Promise<void> {
    while (this.wanted !== undefined) {
      const until = this.wanted;
      this.wanted = undefined;
      await this.read(until);
    }
    this.reading = undefined;
    for (const frame of this.held.splice(0)) this.book.take(frame.from, frame.lines);
  }

  private async read(until: number): Promise<void> {
    const { next } = this.book;
    try {
      const far = next === 1 || until - next > CAPACITY;
      const { from, lines } = await (far ? this.source.tail(TAIL) : this.source.from(next));
      this.book.take(from, lines);
    } catch {
      // The log cannot be read now. The live lines go on, and the next connection or the end tries again.
    }
    this.started = true;
  }
}

/** The log of a task at the server. */
export function serverLog(id: string): LogSource {
  return { tail: (count) => logTail(id, count), from: (line) => logFrom(id, line) };
}
