/** One message of the protocol: what a WebSocket text frame holds, or one item of a batch frame. */
export interface Message {
  event: string;
  data?: unknown;
  id?: string | number;
}

/** The states of a task. The last three are final: nothing follows them. */
export type State = 'queued' | 'running' | 'canceling' | 'succeeded' | 'failed' | 'canceled';

export interface Step {
  name: string;
  state: State | 'skipped' | 'pending';
  progress: number | null;
  message?: string | null;
  startedAt?: string | null;
  endedAt?: string | null;
  exitCode?: number | null;
  weight?: number;
}

/** The data of a `progress` event: the whole status of a task. What is null may be left out. */
export interface ProgressFrame {
  taskId: string;
  progress: number | null;
  message: string | null;
  state: State;
  seq: number;
  at?: string;
  step?: string | null;
  current?: number | null;
  total?: number | null;
  unit?: string | null;
  rate?: number | null;
  eta?: string | null;
  attempt?: number;
  steps?: Step[];
  reason?: string | null;
  error?: unknown;
  result?: unknown;
  stalled?: boolean;
  startedAt?: string | null;
  endedAt?: string | null;
  snapshot?: boolean;
  gap?: boolean;
  /** These come with a snapshot and with the first event of a task. */
  title?: string;
  flow?: string | null;
  labels?: Record<string, string>;
  parent?: string | null;
  metadata?: Record<string, unknown>;
  createdAt?: string;
}

/** The data of a `log` event. `from` is the number of the first line; the first line of a log is 1. */
export interface LogFrame {
  taskId: string;
  seq: number;
  step?: string | null;
  from: number;
  lines: string[];
}

/** Reads a text frame: one message, or several of a `runflow.v1.batch` connection. What is no message is left out. */
export function decode(text: string): Message[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return (Array.isArray(value) ? value : [value]).filter(isMessage);
}

export function encode(event: string, data?: unknown, id?: string | number): string {
  return JSON.stringify({ event, data, id });
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && typeof (value as Message).event === 'string';
}
