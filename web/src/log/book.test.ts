import { expect, test } from 'vitest';
import { CAPACITY, LogBook } from './book';

const now = (flush: () => void) => flush();
const lines = (from: number, n: number) => Array.from({ length: n }, (_, i) => `line ${from + i}`);
const numbered = (book: LogBook) => book.blocks.value.flatMap((block) => block.lines.map((text, i) => ({ n: block.from + i, text })));

function expectTrue(book: LogBook): void {
  for (const { n, text } of numbered(book)) expect(text).toBe(`line ${n}`);
}

test('keeps lines in order, by their number, in blocks that do not change when full', () => {
  const book = new LogBook(now);
  book.take(1, lines(1, 150));
  const first = book.blocks.value[0];
  for (let n = 151; n <= 400; n++) book.take(n, lines(n, 1));
  expect(book.blocks.value[0]).toBe(first);
  expect(book.blocks.value.map((block) => block.lines.length)).toEqual([100, 100, 100, 100]);
  expect(book.next).toBe(401);
  expectTrue(book);
});

test('no line twice', () => {
  const book = new LogBook(now);
  book.take(1, lines(1, 10));
  book.take(5, lines(5, 10));
  book.take(2, lines(2, 3));
  expect(numbered(book).map((line) => line.n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expectTrue(book);
});

test('a hole shows as a jump between two blocks', () => {
  const book = new LogBook(now);
  book.take(1, lines(1, 3));
  book.take(10, lines(10, 2));
  expect(book.blocks.value.map((block) => block.from)).toEqual([1, 10]);
  expectTrue(book);
});

test('holds about the capacity, however much comes', () => {
  const book = new LogBook(now);
  for (let n = 1; n < 40_000; n += 37) book.take(n, lines(n, 37));
  const held = numbered(book);
  expect(held.length).toBeGreaterThanOrEqual(CAPACITY);
  expect(held.length).toBeLessThan(CAPACITY + 200);
  expect(held.at(-1)!.n).toBe(book.next - 1);
  expectTrue(book);
});
