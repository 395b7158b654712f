import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection, SUBPROTOCOLS, type ConnectionState } from './connection';
import type { Message } from './frame';

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: { event: string; data?: Record<string, unknown>; id?: string }[] = [];
  closed = false;
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  say(...messages: Message[]): void {
    this.onmessage?.({ data: JSON.stringify(messages.length === 1 ? messages[0] : messages) });
  }
  greet(): void {
    this.say({ event: 'connected', data: { clientId: 'c1', heartbeat: 25 } });
  }
  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }
  get subscribed(): unknown[] {
    return this.sent.filter((message) => message.event === 'subscribe').map((message) => message.data);
  }
}

const progress = (seq: number, extra: object = {}): Message => ({
  event: 'progress',
  data: { taskId: 't', seq, progress: 1, message: null, state: 'running', ...extra },
});

let states: ConnectionState[];
let heard: Message[];
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  FakeSocket.all = [];
  states = [];
  heard = [];
  connection = new Connection({
    url: 'http://host/prefix/ws',
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    random: () => 0.5,
    onState: (state) => states.push(state),
    onMessage: (message) => heard.push(message),
  });
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

describe('connecting', () => {
  test('offers the batch protocol first and is connected at the greeting', () => {
    connection.open();
    expect(FakeSocket.last.url).toBe('ws://host/prefix/ws');
    expect(FakeSocket.last.protocols).toEqual(SUBPROTOCOLS);
    expect(connection.state.kind).toBe('connecting');
    FakeSocket.last.greet();
    expect(states.map((state) => state.kind)).toEqual(['connecting', 'connected']);
  });

  test('a batch frame is heard message by message, in order', () => {
    connection.open();
    FakeSocket.last.greet();
    FakeSocket.last.say(progress(1), progress(2));
    expect(heard.slice(1).map((message) => (message.data as { seq: number }).seq)).toEqual([1, 2]);
  });

  test('nothing is sent without a connection', () => {
    expect(connection.send('message', 1)).toBe(false);
    connection.open();
    expect(connection.send('message', 1)).toBe(false);
    FakeSocket.last.greet();
    expect(connection.send('message', 1)).toBe(true);
  });
});

describe('after a loss', () => {
  test('waits with jitter, longer each time, and says until when', () => {
    connection.open();
    for (const wait of [250, 500, 1_000, 2_000]) {
      FakeSocket.last.end(1006);
      expect(connection.state).toEqual({ kind: 'waiting', until: Date.now() + wait, staleSince: null });
      const before = FakeSocket.all.length;
      vi.advanceTimersByTime(wait - 1);
      expect(FakeSocket.all.length).toBe(before);
      vi.advanceTimersByTime(1);
      expect(FakeSocket.all.length).toBe(before + 1);
    }
  });

  test('a connection that lasted begins the waits anew; one that did not, does not', () => {
    connection.open();
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(250);
    FakeSocket.last.greet();
    FakeSocket.last.end(4001);
    expect(connection.state).toMatchObject({ until: Date.now() + 500 });
    vi.advanceTimersByTime(500);
    FakeSocket.last.greet();
    vi.advanceTimersByTime(6_000);
    FakeSocket.last.end(1012);
    expect(connection.state).toMatchObject({ until: Date.now() + 250 });
  });

  test('says since when the page is stale', () => {
    connection.open();
    FakeSocket.last.greet();
    const at = Date.now();
    vi.advanceTimersByTime(1_500);
    FakeSocket.last.end(1006);
    expect(connection.state).toMatchObject({ kind: 'waiting', staleSince: at });
  });

  test.each([4500, 4501, 4502, 4999])('does not connect again after %i', (code) => {
    connection.open();
    FakeSocket.last.greet();
    FakeSocket.last.end(code, 'no');
    expect(connection.state).toMatchObject({ kind: 'closed', code, reason: 'no' });
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.all.length).toBe(1);
  });

  test.each([1001, 1006, 1012, 4001, 4003, 4499])('connects again after %i', (code) => {
    connection.open();
    FakeSocket.last.greet();
    FakeSocket.last.end(code);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.all.length).toBe(2);
  });

  test('waking up does not wait for the timer', () => {
    connection.open();
    FakeSocket.last.end(1006);
    connection.wake();
    expect(FakeSocket.all.length).toBe(2);
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(2);
  });
});

describe('resuming', () => {
  test('subscribes once at the greeting, and again with the highest seq seen', () => {
    connection.subscribe('s', { taskId: 't' });
    connection.open();
    FakeSocket.last.greet();
    expect(FakeSocket.last.subscribed).toEqual([{ taskId: 't' }]);
    FakeSocket.last.say(progress(7), progress(12), { event: 'log', data: { taskId: 't', seq: 9, from: 1, lines: [] } });
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(250);
    FakeSocket.last.greet();
    expect(FakeSocket.last.subscribed).toEqual([{ taskId: 't', since: 12 }]);
  });

  test('a snapshot alone does not move it: others may not have come yet', () => {
    connection.subscribe('s', { all: true, since: 3 });
    connection.open();
    FakeSocket.last.greet();
    FakeSocket.last.say(progress(50, { snapshot: true }));
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(250);
    FakeSocket.last.greet();
    expect(FakeSocket.last.subscribed).toEqual([{ all: true, since: 3 }]);
    FakeSocket.last.say(progress(60, { snapshot: true }), progress(55));
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.greet();
    expect(FakeSocket.last.subscribed).toEqual([{ all: true, since: 60 }]);
  });

  test('what was unsubscribed is not subscribed again', () => {
    connection.subscribe('s', { taskId: 't' });
    connection.open();
    FakeSocket.last.greet();
    connection.unsubscribe('s');
    expect(FakeSocket.last.sent.at(-1)).toMatchObject({ event: 'unsubscribe', data: { taskId: 't' } });
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(250);
    FakeSocket.last.greet();
    expect(FakeSocket.last.subscribed).toEqual([]);
  });
});

describe('a connection that died without a word', () => {
  test('is asked after the heartbeat, and given up when there is no answer', () => {
    connection.open();
    FakeSocket.last.greet();
    vi.advanceTimersByTime(25_000);
    expect(FakeSocket.last.sent.at(-1)?.event).toBe('ping');
    const dead = FakeSocket.last;
    vi.advanceTimersByTime(10_000);
    expect(dead.closed).toBe(true);
    expect(connection.state.kind).toBe('waiting');
  });

  test('any frame is an answer', () => {
    connection.open();
    FakeSocket.last.greet();
    vi.advanceTimersByTime(25_000);
    FakeSocket.last.say({ event: 'pong' });
    vi.advanceTimersByTime(20_000);
    expect(connection.state.kind).toBe('connected');
  });

  test('after sleep it is noticed within three seconds', () => {
    connection.open();
    FakeSocket.last.greet();
    connection.wake();
    vi.advanceTimersByTime(3_000);
    expect(connection.state.kind).toBe('waiting');
  });
});
