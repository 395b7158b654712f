import { signal } from '@preact/signals';
import { decode } from '../client/frame';

/** The oldest entries go beyond this many. */
const CAPACITY = 1_000;

/** One frame, or a word about the connection itself (`note`, which has no size). */
export interface Entry {
  id: number;
  at: number;
  direction: 'in' | 'out' | 'note';
  /** Bytes of the frame's payload. */
  size: number;
  /** The event's name; of a batch frame every name, each once. */
  event: string;
  text: string;
}

/** Every frame both ways. While paused it holds back what comes, and shows it when it goes on. */
export class Transcript {
  readonly entries = signal<readonly Entry[]>([]);
  readonly paused = signal(false);
  /** How many entries are held back. */
  readonly held = signal(0);
  private all: Entry[] = [];
  private shown = 0;
  private lastId = 0;
  private waiting = false;

  constructor(private readonly schedule: (flush: () => void) => void) {}

  add(direction: Entry['direction'], text: string, at = Date.now()): void {
    const size = direction === 'note' ? 0 : new TextEncoder().encode(text).length;
    const event = direction === 'note' ? '' : names(text);
    this.all.push({ id: ++this.lastId, at, direction, size, event, text });
    if (this.all.length > CAPACITY) this.all.splice(0, this.all.length - CAPACITY);
    if (this.waiting) return;
    this.waiting = true;
    this.schedule(this.flush);
  }

  clear(): void {
    this.all = [];
    this.shown = this.lastId;
    this.entries.value = [];
    this.held.value = 0;
  }

  togglePause(): void {
    this.paused.value = !this.paused.peek();
    this.flush();
  }

  flush = (): void => {
    this.waiting = false;
    if (this.paused.peek()) {
      this.held.value = Math.min(this.lastId - this.shown, CAPACITY);
      return;
    }
    this.shown = this.lastId;
    this.held.value = 0;
    this.entries.value = [...this.all];
  };
}

function names(text: string): string {
  return [...new Set(decode(text).map((message) => message.event))].join(', ');
}
