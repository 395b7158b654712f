import { describe, expect, test } from 'vitest';
import { adopt, born, fold } from './fold';
import { sampleFrame, sampleTask } from './sample';
import { isFinal } from './task';

describe('fold', () => {
  test('takes the whole status: what the frame leaves out is null', () => {
    const task = sampleTask({ rate: 5, eta: '2026-11-22T11:00:00.000Z', current: 1, unit: 'files', step: 'hash', stalled: true });
    const folded = fold(task, sampleFrame());
    expect(folded).toMatchObject({ progress: 20, message: 'on', seq: 11, rate: null, eta: null, current: null, unit: null, step: null, stalled: false });
    expect(folded).toMatchObject({ title: 'Demo', flow: 'demo', createdAt: task.createdAt });
  });

  test('ignores a frame that is older than what is held', () => {
    const task = sampleTask();
    expect(fold(task, sampleFrame({ seq: 9 }))).toBe(task);
  });

  test('keeps steps that did not change', () => {
    const steps = [{ name: 'a', state: 'running' as const, progress: 1 }];
    expect(fold(sampleTask({ steps }), sampleFrame()).steps).toBe(steps);
  });

  test('never shows a finished task as running, whatever comes', () => {
    const done = fold(sampleTask(), sampleFrame({ state: 'succeeded', progress: 100, seq: 20 }));
    expect(done.endedAt).toBe('2026-11-22T10:00:05.000Z');
    for (const seq of [5, 20, 21, 1_000]) expect(fold(done, sampleFrame({ state: 'running', seq })).state).toBe('succeeded');
  });

  test('any order of the same frames ends in the same status', () => {
    const frames = [11, 12, 13, 14].map((seq) => sampleFrame({ seq, progress: seq }));
    frames.push(sampleFrame({ seq: 15, progress: 100, state: 'succeeded' }));
    for (let turn = 0; turn < 200; turn++) {
      const order = [...frames].sort(() => Math.random() - 0.5);
      let last = 10;
      const end = order.reduce((task, frame) => {
        const next = fold(task, frame);
        expect(next.seq).toBeGreaterThanOrEqual(last);
        last = next.seq;
        return next;
      }, sampleTask());
      expect(end).toMatchObject({ seq: 15, state: 'succeeded', progress: 100 });
    }
  });

  test('the first frame that runs is the start', () => {
    const queued = sampleTask({ state: 'queued', startedAt: null });
    expect(fold(queued, sampleFrame({ state: 'queued' })).startedAt).toBeNull();
    expect(fold(queued, sampleFrame()).startedAt).toBe('2026-11-22T10:00:05.000Z');
  });
});

test('born needs a title and a time', () => {
  expect(born(sampleFrame())).toBeUndefined();
  const whole = { title: 'New', createdAt: '2026-11-22T10:00:00.000Z', flow: 'demo', labels: { a: 'b' }, snapshot: true };
  const task = born(sampleFrame(whole));
  // A snapshot's own time is when the task last changed, not when it started.
  expect(task).toMatchObject({ id: 't', title: 'New', flow: 'demo', labels: { a: 'b' }, progress: 20, startedAt: null });
  expect(born(sampleFrame({ ...whole, startedAt: '2026-11-22T10:00:01.000Z' }))!.startedAt).toBe('2026-11-22T10:00:01.000Z');
});

describe('adopt', () => {
  test('takes a newer answer whole', () => {
    const answer = sampleTask({ seq: 12, progress: 50 });
    expect(adopt(sampleTask(), answer)).toBe(answer);
    expect(adopt(undefined, answer)).toBe(answer);
  });

  test('of an older answer only what frames do not say', () => {
    const held = sampleTask({ seq: 20, state: 'succeeded', progress: 100, params: null, startedAt: null });
    const got = adopt(held, sampleTask({ seq: 12, params: { dir: '/' }, progress: 40 }));
    expect(got).toMatchObject({ seq: 20, state: 'succeeded', progress: 100, params: { dir: '/' }, startedAt: '2026-11-22T10:00:01.000Z' });
    expect(isFinal(got.state)).toBe(true);
  });
});
