import { backoff } from './backoff';
import { decode, encode, type Message } from './frame';
import { Liveness } from './liveness';
import { Resume } from './resume';

/** Offered in this order: with the first a frame may hold an array of messages. */
export const SUBPROTOCOLS = ['runflow.v1.batch', 'runflow.v1.json'];
/** A connection that lasted this long, in milliseconds, was a good one: the next back-off starts from the beginning. */
const GOOD = 5_000;
/** What the contract calls the heartbeat, in seconds, until the server says otherwise. */
const HEARTBEAT = 25;

/** `staleSince` is when the last word came from the server (milliseconds since 1970), null if there never was one. */
export type ConnectionState =
  | { kind: 'idle' }
  | { kind: 'connecting'; staleSince: number | null }
  | { kind: 'connected' }
  | { kind: 'waiting'; until: number; staleSince: number | null }
  | { kind: 'closed'; code: number; reason: string; staleSince: number | null };

export interface ConnectionOptions {
  /** The address of `/ws`; http and https are taken as ws and wss. */
  url: string;
  /** For tests and for Node before 22; the global one otherwise. */
  WebSocket?: typeof WebSocket;
  random?: () => number;
  onState?: (state: ConnectionState) => void;
  /** Every message, in the order in which it came. */
  onMessage: (message: Message) => void;
}

/**
 * A WebSocket to RunFlow that stays: it connects again with back-off and full jitter, subscribes again to all that was
 * subscribed, and resumes after the highest `seq` that it saw. It gives up only when the server says so
 * (close codes 4500–4999) or after `close`.
 */
export class Connection {
  /** Read it; only the connection changes it. */
  state: ConnectionState = { kind: 'idle' };
  private readonly resume = new Resume();
  private readonly subscriptions = new Map<string, Record<string, unknown>>();
  private socket: WebSocket | undefined;
  private liveness: Liveness | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private connectedAt = 0;
  private heardAt: number | null = null;

  constructor(private readonly options: ConnectionOptions) {}

  /** Connects. Does nothing when it is open or on its way. */
  open(): void {
    if (this.socket) return;
    clearTimeout(this.timer);
    this.enter({ kind: 'connecting', staleSince: this.heardAt });
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.options.url.replace(/^http/, 'ws'), SUBPROTOCOLS);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  /** Closes for good. `open` starts again. */
  close(): void {
    clearTimeout(this.timer);
    this.drop();
    this.enter({ kind: 'idle' });
  }

  /** The computer woke up, the network came back, the tab is looked at: do not wait for a timer to find out. */
  wake(): void {
    if (this.state.kind === 'waiting') this.open();
    else if (this.state.kind === 'connected') this.liveness?.wake();
  }

  /** Sends a message now. False when there is no connection: nothing is kept for later. */
  send(event: string, data?: unknown, id?: string | number): boolean {
    if (this.state.kind !== 'connected' || !this.socket) return false;
    this.socket.send(encode(event, data, id));
    return true;
  }

  /** Subscribes now or as soon as there is a connection, and again after each loss. `name` is the caller's own. */
  subscribe(name: string, data: Record<string, unknown>): void {
    this.subscriptions.set(name, data);
    this.send('subscribe', data, name);
  }

  unsubscribe(name: string): void {
    const data = this.subscriptions.get(name);
    if (this.subscriptions.delete(name)) this.send('unsubscribe', data);
  }

  private receive(text: unknown): void {
    this.heardAt = Date.now();
    this.liveness?.heard();
    if (typeof text !== 'string') return;
    for (const message of decode(text)) {
      if (message.event === 'connected') this.greeted(message.data);
      this.resume.saw(message);
      this.options.onMessage(message);
    }
  }

  private greeted(data: unknown): void {
    const heartbeat = Number((data as { heartbeat?: number } | undefined)?.heartbeat) || HEARTBEAT;
    this.connectedAt = Date.now();
    this.liveness?.stop();
    this.liveness = new Liveness(
      heartbeat * 1_000,
      () => this.send('ping'),
      () => this.lost(4002, 'no answer to a ping'),
    );
    this.state = { kind: 'connected' };
    for (const [name, data] of this.subscriptions) this.send('subscribe', this.resume.resumed(data), name);
    this.enter(this.state);
  }

  private lost(code: number, reason: string): void {
    const lasted = this.state.kind === 'connected' ? Date.now() - this.connectedAt : 0;
    this.drop();
    if (code >= 4500 && code <= 4999) {
      this.enter({ kind: 'closed', code, reason, staleSince: this.heardAt });
      return;
    }
    if (lasted >= GOOD) this.attempt = 0;
    const wait = backoff(this.attempt++, this.options.random);
    this.enter({ kind: 'waiting', until: Date.now() + wait, staleSince: this.heardAt });
    this.timer = setTimeout(() => this.open(), wait);
  }

  private drop(): void {
    this.liveness?.stop();
    this.liveness = undefined;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private enter(state: ConnectionState): void {
    this.state = state;
    this.options.onState?.(state);
  }
}
