/** The first wait is at most this long, in milliseconds. */
const BASE = 500;
/** No wait is longer than this, in milliseconds. */
const CAP = 30_000;

/**
 * How long to wait before connecting again, in milliseconds: full jitter, so that the watchers of a server that restarted
 * do not all come back at once. `attempt` counts from 0; `random` gives 0 ≤ x < 1.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(CAP, BASE * 2 ** Math.min(attempt, 16)));
}
