import type { Task } from '../task/task';
import { request } from './request';

export interface TaskPage {
  tasks: Task[];
  nextCursor: string | null;
}

const path = (id: string, verb = '') => `tasks/${encodeURIComponent(id)}${verb}`;

export async function listTasks(limit: number, cursor?: string): Promise<TaskPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (cursor) query.set('cursor', cursor);
  const page = (await (await request(`tasks?${query}`)).json()) as Partial<TaskPage>;
  return { tasks: (page.tasks ?? []).map(whole), nextCursor: page.nextCursor || null };
}

export async function getTask(id: string): Promise<Task> {
  return whole((await (await request(path(id))).json()) as Task);
}

export async function startTask(flow: string, params: Record<string, unknown>, key: string): Promise<Task> {
  const init = { method: 'POST', json: { flow, params }, headers: { 'Idempotency-Key': key } };
  return whole((await (await request('tasks', init)).json()) as Task);
}

export async function cancelTask(id: string): Promise<void> {
  await request(path(id, '/cancel'), { method: 'POST' });
}

/** Starts the same flow with the same parameters again, and gives the new task. */
export async function rerunTask(id: string): Promise<Task> {
  return whole((await (await request(path(id, '/rerun'), { method: 'POST' })).json()) as Task);
}

/** A task as the pages expect it, whatever an answer left out because it was null or empty. */
function whole(task: Task): Task {
  return { ...task, title: task.title || task.flow || task.id, steps: task.steps ?? [], labels: task.labels ?? {}, attempt: task.attempt ?? 1 };
}
