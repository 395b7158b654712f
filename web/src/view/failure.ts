import { word } from '../i18n/language';
import type { Task } from '../task/task';

/** Why a task failed: in its own words, or else the reason that the server gives. */
export function failure(task: Task): string {
  if (typeof task.error === 'string' && task.error !== '') return task.error;
  return word('reason', task.reason ?? '');
}
