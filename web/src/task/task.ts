import type { State, Step } from '../client/frame';

/** A task as `GET /tasks/{id}` gives it. */
export interface Task {
  id: string;
  flow: string | null;
  title: string;
  state: State;
  reason: string | null;
  progress: number | null;
  current: number | null;
  total: number | null;
  unit: string | null;
  message: string | null;
  step: string | null;
  steps: Step[];
  attempt: number;
  seq: number;
  rate: number | null;
  eta: string | null;
  stalled?: boolean;
  labels: Record<string, string>;
  params: Record<string, unknown> | null;
  metadata: Record<string, unknown> | null;
  result: unknown;
  error: unknown;
  parent: string | null;
  createdAt: string;
  startedAt: string | null;
  updatedAt: string;
  endedAt: string | null;
}

export const STATES: readonly State[] = ['queued', 'running', 'canceling', 'succeeded', 'failed', 'canceled'];

/** Nothing follows a final state. */
export function isFinal(state: string): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'canceled';
}

/** Newest first, as the server lists them; ids decide between two of the same millisecond. */
export function newestFirst(a: Task, b: Task): number {
  const time = Date.parse(b.createdAt) - Date.parse(a.createdAt);
  return time || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
