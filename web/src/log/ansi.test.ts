import { expect, test } from 'vitest';
import { spans } from './ansi';

const text = (line: string) => spans(line).map((span) => span.text).join('');

test('plain text is one span without a style', () => {
  expect(spans('hello <b>&amp;')).toEqual([{ text: 'hello <b>&amp;', classes: '' }]);
  expect(spans('')).toEqual([]);
});

test('colours, and the short reset that git and grep write', () => {
  expect(spans('\x1b[31mred\x1b[m plain')).toEqual([
    { text: 'red', classes: 'ansi-red' },
    { text: ' plain', classes: '' },
  ]);
  expect(spans('\x1b[1;92;44mx')[0]).toEqual({ text: 'x', classes: 'ansi-bold ansi-brightGreen ansi-on-blue' });
});

test('colours beyond the sixteen', () => {
  expect(spans('\x1b[38;2;1;2;3mx')[0]!.color).toBe('rgb(1 2 3)');
  expect(spans('\x1b[38;5;196mx')[0]!.color).toBe('rgb(255 0 0)');
  expect(spans('\x1b[48;5;232mx')[0]!.background).toBe('rgb(8 8 8)');
  expect(spans('\x1b[38;5;9mx')[0]!.color).toBe('var(--ansi-9)');
});

test('every other sequence and control character is dropped', () => {
  expect(text('a\x1b[Kb\x1b[2Jc\x1b[?25ld\x1b[10;20He')).toBe('abcde');
  expect(text('\x1b]0;title\x07a\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\b')).toBe('alinkb');
  expect(text('\x1b]9;4;1;50\x07a')).toBe('a');
  expect(text('a\x00\x08b\x7f\x9b\tc')).toBe('ab\tc');
  expect(text('a\x1b(B\x1b7b\x1b=c')).toBe('abc');
});

test('a sequence that does not end takes no text of others', () => {
  expect(text('a\x1b')).toBe('a');
  expect(text('a\x1b[31')).toBe('a');
  expect(text('\x1b[31mred\x1b[0m then \x1b[K m')).toBe('red then  m');
});

test('a hostile line costs no more than its length', () => {
  const start = performance.now();
  spans('\x1b['.repeat(4_000));
  spans('\x1b]'.repeat(4_000));
  spans('\x1b[1'.repeat(2_700));
  expect(performance.now() - start).toBeLessThan(500);
});
