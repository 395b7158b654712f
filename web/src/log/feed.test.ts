import { expect, test } from 'vitest';
import { LogBook } from './book';
import { LogFeed } from './feed';

const now = (flush: () => void) => flush();

/** A log that grows at the server, and a feed on it. */
function server(length: number) {
  const log = Array.from({ length }, (_, i) => `line ${i + 1}`);
  const calls: string[] = [];
  let failing = false;
  const answer = (from: number) => {
    if (failing) return Promise.reject(new Error('unreachable'));
    return Promise.resolve({ from, lines: log.slice(from - 1) });
  };
  const book = new LogBook(now);
  const feed = new LogFeed(book, {
    tail: (count) => (calls.push(`tail ${count}`), answer(Math.max(1, log.length - count + 1))),
    from: (line) => (calls.push(`from ${line}`), answer(line)),
  });
  const append = (n: number) => {
    const from = log.length + 1;
    const lines = Array.from({ length: n }, (_, i) => `line ${from + i}`);
    log.push(...lines);
    return { taskId: 't', seq: from, from, lines };
  };
  const shown = () => book.blocks.value.flatMap((block) => block.lines.map((text, i) => [block.from + i, text] as const));
  return { feed, book, calls, append, shown, fail: (on: boolean) => (failing = on) };
}

function expectWhole(shown: (readonly [number, string])[], last: number): void {
  shown.forEach(([n, text], i) => {
    expect(text).toBe(`line ${n}`);
    if (i > 0) expect(n).toBe(shown[i - 1]![0] + 1);
  });
  expect(shown.at(-1)?.[0]).toBe(last);
}

test('earlier lines and live ones meet without hole or double', async () => {
  const log = server(3_000);
  log.feed.frame(log.append(2));
  const reading = log.feed.catchUp();
  log.feed.frame(log.append(3));
  await reading;
  log.feed.frame(log.append(1));
  expectWhole(log.shown(), 3_006);
  expect(log.shown()[0]![0]).toBeGreaterThan(1_900);
});

test('a jump in the live lines is filled from the server', async () => {
  const log = server(10);
  await log.feed.catchUp();
  log.append(50);
  log.feed.frame(log.append(5));
  await log.feed.catchUp();
  expect(log.calls).toContain('from 11');
  expectWhole(log.shown(), 65);
});

test('a jump beyond what is held reads the end only', async () => {
  const log = server(10);
  await log.feed.catchUp();
  log.append(20_000);
  log.feed.frame(log.append(1));
  await log.feed.catchUp();
  expect(log.calls.filter((call) => call.startsWith('tail'))).toHaveLength(2);
  expect(log.shown().at(-1)![0]).toBe(20_011);
});

test('who asks while an answer is on its way is answered by another one', async () => {
  const log = server(5);
  const first = log.feed.catchUp();
  log.append(5);
  await Promise.all([first, log.feed.catchUp()]);
  expectWhole(log.shown(), 10);
});

test('without the earlier lines the live ones go on, and the hole is filled later', async () => {
  const log = server(5);
  log.fail(true);
  await log.feed.catchUp();
  log.feed.frame({ ...log.append(1) });
  await log.feed.catchUp();
  expect(log.shown().map(([n]) => n)).toEqual([6]);
});
