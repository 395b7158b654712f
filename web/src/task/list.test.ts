import { effect } from '@preact/signals';
import { expect, test } from 'vitest';
import { TaskList } from './list';
import { sampleFrame, sampleTask } from './sample';

/** A list whose moment of painting is the test's. */
function listAndPaint() {
  const waiting: (() => void)[] = [];
  const list = new TaskList((flush) => waiting.push(flush));
  return { list, waiting, paint: () => waiting.splice(0).forEach((flush) => flush()) };
}

test('newest first, whatever the order in which they come', () => {
  const { list, paint } = listAndPaint();
  list.merge([
    sampleTask({ id: 'b', createdAt: '2026-11-22T10:00:02.000Z' }),
    sampleTask({ id: 'c', createdAt: '2026-11-22T10:00:02.000Z' }),
    sampleTask({ id: 'a', createdAt: '2026-11-22T10:00:03.000Z' }),
  ]);
  expect(list.ids.value).toEqual([]);
  paint();
  expect(list.ids.value).toEqual(['a', 'c', 'b']);
});

test('many frames between two paintings are one drawing of one row, and none of the list', () => {
  const { list, waiting, paint } = listAndPaint();
  list.merge([sampleTask({ id: 'a' }), sampleTask({ id: 'b' })]);
  paint();
  const drawn = { list: 0, a: 0, b: 0 };
  effect(() => void (list.ids.value, drawn.list++));
  effect(() => void (list.row('a')!.value, drawn.a++));
  effect(() => void (list.row('b')!.value, drawn.b++));
  for (let seq = 11; seq < 511; seq++) expect(list.apply(sampleFrame({ taskId: 'a', seq, progress: seq / 10 }))).toBe(true);
  expect(waiting).toHaveLength(1);
  paint();
  expect(drawn).toEqual({ list: 1, a: 2, b: 1 });
  expect(list.row('a')!.value).toMatchObject({ seq: 510, progress: 51 });
});

test('a frame of a task that is not known is taken only if it says enough', () => {
  const { list, paint } = listAndPaint();
  expect(list.apply(sampleFrame({ taskId: 'x' }))).toBe(false);
  expect(list.apply(sampleFrame({ taskId: 'y', title: 'Y', createdAt: '2026-11-22T10:00:00.000Z' }))).toBe(true);
  paint();
  expect(list.ids.value).toEqual(['y']);
});

test('an old frame schedules nothing', () => {
  const { list, waiting, paint } = listAndPaint();
  list.merge([sampleTask()]);
  paint();
  list.apply(sampleFrame({ seq: 1 }));
  expect(waiting).toHaveLength(0);
});

test('counts follow the states, and a removed task is gone', () => {
  const { list, paint } = listAndPaint();
  list.merge([sampleTask({ id: 'a' }), sampleTask({ id: 'b', state: 'queued' })]);
  paint();
  expect(list.counts.value).toMatchObject({ running: 1, queued: 1 });
  list.apply(sampleFrame({ taskId: 'a', state: 'succeeded' }));
  list.remove('b');
  paint();
  expect(list.counts.value).toMatchObject({ running: 0, queued: 0, succeeded: 1 });
  expect(list.ids.value).toEqual(['a']);
  expect(list.row('b')).toBeUndefined();
});

test('the list does not grow for ever, and what runs stays', () => {
  const { list, paint } = listAndPaint();
  const at = (i: number) => new Date(Date.UTC(2026, 10, 22) + i * 1_000).toISOString();
  list.merge([sampleTask({ id: 'oldest-but-running', createdAt: at(0) })]);
  for (let i = 1; i <= 2_500; i++) list.merge([sampleTask({ id: `t${i}`, state: 'succeeded', createdAt: at(i) })]);
  paint();
  expect(list.ids.value).toHaveLength(2_000);
  expect(list.ids.value[0]).toBe('t2500');
  expect(list.ids.value.at(-1)).toBe('oldest-but-running');
});
