import { expect, test } from 'vitest';
import { backoff } from './backoff';

test('the ceiling doubles from half a second to half a minute', () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoff(attempt, () => 1));
  expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('full jitter reaches down to nothing', () => {
  expect(backoff(5, () => 0)).toBe(0);
  expect(backoff(5, () => 0.25)).toBe(4_000);
});
