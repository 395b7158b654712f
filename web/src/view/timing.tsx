import { clock } from '../format/clock';
import { duration } from '../format/duration';
import { ago, dateAndTime } from '../format/moment';
import { rate } from '../format/number';
import { t } from '../i18n/language';
import { isFinal, type Task } from '../task/task';

/** The time that is left in milliseconds, or undefined while the server does not know it. */
export function left(task: Task, now: number): number | undefined {
  return !task.eta || isFinal(task.state) ? undefined : Math.max(0, Date.parse(task.eta) - now);
}

/** How long the task has waited, has run, or took, in milliseconds; undefined where nobody knows. */
export function spent(task: Task, now: number): number | undefined {
  if (task.state === 'queued') return now - Date.parse(task.createdAt);
  if (!task.startedAt) return undefined;
  const end = task.endedAt ? Date.parse(task.endedAt) : isFinal(task.state) ? NaN : now;
  return Number.isNaN(end) ? undefined : end - Date.parse(task.startedAt);
}

/** Rate and time left while it runs, time spent, and how long ago it ended, in one line that moves once a second. */
export function Timing({ task }: { task: Task }) {
  const now = clock.now.value;
  const running = !isFinal(task.state);
  const end = task.endedAt ?? task.updatedAt;
  const rest = left(task, now);
  const time = spent(task, now);
  const past = task.state === 'queued' ? 'time.waiting' : running ? 'time.elapsed' : 'time.took';
  const parts = [
    running && task.rate ? rate(task.rate, task.unit) : undefined,
    rest === undefined ? undefined : t('time.left', { d: duration(rest) }),
    time === undefined ? undefined : t(past, { d: duration(time) }),
  ].filter((part) => part !== undefined);
  return (
    <span class="timing">
      {parts.map((part) => <span key={part} title={dateAndTime(task.createdAt)}>{part}</span>)}
      {!running && <time dateTime={end} title={dateAndTime(end)}>{ago(end, now)}</time>}
    </span>
  );
}
