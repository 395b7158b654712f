import { afterEach, describe, expect, test, vi } from 'vitest';
import { language } from '../i18n/language';
import { duration } from './duration';
import { ago } from './moment';
import { bytes, percent, rate, shortId } from './number';

vi.stubGlobal('document', { documentElement: { lang: 'en' } });
vi.stubGlobal('localStorage', { setItem() {} });
afterEach(() => void (language.value = 'en'));

describe('duration', () => {
  test.each([
    [0, '0 s'], [400, '0.4 s'], [12_300, '12 s'], [59_600, '1 min 00 s'], [187_000, '3 min 07 s'],
    [3_600_000, '1 h 00 min'], [7_500_000, '2 h 05 min'], [356_400_000, '4 d 3 h'], [-5, '0 s'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  test('in Chinese', () => {
    language.value = 'zh-CN';
    expect(duration(187_000)).toBe('3 分 07 秒');
  });
});

test('ago says one unit', () => {
  const now = Date.parse('2026-11-22T10:05:00Z');
  expect(ago('2026-11-22T10:04:59Z', now)).toBe('just now');
  expect(ago('2026-11-22T10:01:53Z', now)).toBe('3 min ago');
  expect(ago('2026-11-22T10:06:00Z', now)).toBe('just now');
  language.value = 'zh-CN';
  expect(ago('2026-11-22T10:01:53Z', now)).toBe('3 分前');
});

test('a percentage is cut: only 100 is 100 %', () => {
  expect([0, 7.04, 42.5, 99.96, 100].map(percent)).toEqual(['0%', '7%', '42.5%', '99.9%', '100%']);
});

test('rate, size and id', () => {
  expect(rate(51.23, 'files')).toBe('51.2 files/s');
  expect(rate(12_345.6, null)).toBe('12,346/s');
  expect([999, 1_500, 2_340_000].map(bytes)).toEqual(['999 B', '1.5 kB', '2.3 MB']);
  expect(shortId('ci-4711')).toBe('ci-4711');
  expect(shortId('0193a1b2-1111-7000-8000-abcdef012345')).toBe('…ef012345');
});
