/** How long an answer to a ping may take, in milliseconds. */
const GRACE = 10_000;
/** The same just after the computer woke up: nobody wants to look at a stale page for ten seconds. */
const WAKE_GRACE = 3_000;

/**
 * Notices a connection that is gone without a word, as after sleep or a change of network. A browser does not show its
 * page the protocol's ping frames, so when nothing was heard for `period` milliseconds it asks with a `ping` event.
 */
export class Liveness {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly period: number,
    private readonly ask: () => void,
    private readonly dead: () => void,
  ) {
    this.heard();
  }

  /** Anything that arrived proves life. */
  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.probe(GRACE), this.period);
  }

  /** Asks now instead of at the end of the period. */
  wake(): void {
    this.probe(WAKE_GRACE);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private probe(grace: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.dead, grace);
    this.ask();
  }
}
