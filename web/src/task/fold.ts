import type { ProgressFrame } from '../client/frame';
import { isFinal, type Task } from './task';

/**
 * The task after a `progress` frame, or the same task when the frame is older than what is held. A frame holds the whole
 * status, so what it leaves out is null. After a final state nothing counts: a finished task is never shown as running.
 */
export function fold(task: Task, frame: ProgressFrame): Task {
  if (frame.seq < task.seq) return task;
  if (isFinal(task.state) && !isFinal(frame.state)) return task;
  const at = frame.at ?? task.updatedAt;
  const started = frame.state !== 'queued';
  return {
    ...task,
    state: frame.state,
    reason: frame.reason ?? null,
    progress: frame.progress ?? null,
    current: frame.current ?? null,
    total: frame.total ?? null,
    unit: frame.unit ?? null,
    message: frame.message ?? null,
    step: frame.step ?? null,
    steps: frame.steps ?? task.steps,
    attempt: frame.attempt ?? task.attempt,
    seq: frame.seq,
    rate: frame.rate ?? null,
    eta: frame.eta ?? null,
    stalled: frame.stalled ?? false,
    result: frame.result ?? null,
    error: frame.error ?? null,
    title: frame.title ?? task.title,
    flow: frame.flow ?? task.flow,
    labels: frame.labels ?? task.labels,
    createdAt: frame.createdAt ?? task.createdAt,
    updatedAt: at,
    parent: frame.parent ?? task.parent,
    metadata: frame.metadata ?? task.metadata,
    // Where a server does not send these two, the first frame that runs and the final one say them.
    startedAt: frame.startedAt ?? task.startedAt ?? (started && !frame.snapshot ? at : null),
    endedAt: isFinal(frame.state) ? (frame.endedAt ?? task.endedAt ?? at) : null,
  };
}

/** The task that a frame describes whole: a snapshot, or a task's first event. Undefined when it says too little. */
export function born(frame: ProgressFrame): Task | undefined {
  if (frame.title === undefined || frame.createdAt === undefined) return undefined;
  const blank: Task = {
    id: frame.taskId, flow: null, title: frame.title, state: frame.state, reason: null,
    progress: null, current: null, total: null, unit: null, message: null,
    step: null, steps: [], attempt: 1, seq: frame.seq, rate: null, eta: null,
    labels: {}, params: null, metadata: null, result: null, error: null, parent: null,
    createdAt: frame.createdAt, startedAt: null, updatedAt: frame.createdAt, endedAt: null,
  };
  return fold(blank, frame);
}

/** What is known after an answer of the REST API: its status if it is not older, and what only it has in any case. */
export function adopt(held: Task | undefined, answer: Task): Task {
  if (!held || answer.seq >= held.seq) return answer;
  const { labels, params, metadata, parent, createdAt, title, flow } = answer;
  const startedAt = answer.startedAt ?? held.startedAt;
  return { ...held, labels, params, metadata, parent, createdAt, title, flow, startedAt };
}
