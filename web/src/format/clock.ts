import { signal } from '@preact/signals';

/** A difference to the server's clock below this, in milliseconds, is not told from the way of the answer. */
const NOISE = 3_000;

/** The server's time, as far as this computer can tell: all times that the server gives are compared with it. */
class Clock {
  private offset = 0;
  /** Milliseconds since 1970, moved once a second while a page is looked at. */
  readonly now = signal(Date.now());

  /** Takes the `Date` header of an answer. */
  learn(date: string | null): void {
    const offset = date ? Date.parse(date) - Date.now() : NaN;
    if (Number.isNaN(offset)) return;
    this.offset = Math.abs(offset) < NOISE ? 0 : offset;
  }

  tick = (): void => {
    this.now.value = Date.now() + this.offset;
  };

  start(): void {
    this.tick();
    setInterval(this.tick, 1_000);
  }
}

export const clock = new Clock();
