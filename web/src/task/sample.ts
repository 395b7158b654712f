import type { ProgressFrame } from '../client/frame';
import type { Task } from './task';

/** A task for tests. */
export function sampleTask(some: Partial<Task> = {}): Task {
  return {
    id: 't', flow: 'demo', title: 'Demo', state: 'running', reason: null, progress: 10, current: null, total: null,
    unit: null, message: null, step: null, steps: [], attempt: 1, seq: 10, rate: null, eta: null, labels: {},
    params: {}, metadata: {}, result: null, error: null, parent: null, createdAt: '2026-11-22T10:00:00.000Z',
    startedAt: '2026-11-22T10:00:01.000Z', updatedAt: '2026-11-22T10:00:02.000Z', endedAt: null, ...some,
  };
}

/** A `progress` frame for tests. */
export function sampleFrame(some: Partial<ProgressFrame> = {}): ProgressFrame {
  return { taskId: 't', progress: 20, message: 'on', state: 'running', seq: 11, at: '2026-11-22T10:00:05.000Z', ...some };
}
