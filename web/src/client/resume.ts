import type { Message } from './frame';

/**
 * Remembers from where to go on after a loss. The snapshots that answer a subscription come in no order of `seq`, so
 * that one of them says nothing about the others: they count only once a live event followed them.
 */
export class Resume {
  private seq = 0;
  private snapshots = 0;

  saw(message: Message): void {
    if (message.event !== 'progress' && message.event !== 'log') return;
    const data = message.data as { seq?: unknown; snapshot?: unknown } | null;
    if (typeof data?.seq !== 'number') return;
    if (data.snapshot) this.snapshots = Math.max(this.snapshots, data.seq);
    else this.seq = Math.max(this.seq, this.snapshots, data.seq);
  }

  /** The request of a subscription, to be sent again: with `since` as far as is known. */
  resumed(data: Record<string, unknown>): Record<string, unknown> {
    const since = Math.max(this.seq, typeof data['since'] === 'number' ? data['since'] : 0);
    return since > 0 ? { ...data, since } : data;
  }
}
