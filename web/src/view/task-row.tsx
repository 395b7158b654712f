import type { Signal } from '@preact/signals';
import { percent, shortId } from '../format/number';
import { t } from '../i18n/language';
import { taskAddress } from '../page/root';
import type { Task } from '../task/task';
import { Badge } from './badge';
import { Bar } from './bar';
import { failure } from './failure';
import { TaskActions } from './task-actions';
import { Timing } from './timing';

interface Props {
  row: Signal<Task>;
  onRerun: (task: Task) => void;
  onProblem: (problem: unknown) => void;
}

/** One task of the list. It alone is drawn again when its task moves. */
export function TaskRow({ row, onRerun, onProblem }: Props) {
  const task = row.value;
  return (
    <li class="row" data-task={task.id} data-state={task.state}>
      <div class="row-name">
        <a class="row-title" href={taskAddress(task.id)}>{task.title}</a>
        <span class="row-origin">
          <span>{task.flow ?? t('tasks.reported')}</span>
          <code title={task.id}>{shortId(task.id)}</code>
          {task.attempt > 1 && <span>{t('tasks.attempt', { n: task.attempt })}</span>}
        </span>
      </div>
      <Badge state={task.state} stalled={task.stalled ?? false} />
      <div class="row-progress">
        <Bar progress={task.progress} state={task.state} label={t('tasks.progressOf', { title: task.title })} message={task.message} />
        <p class="row-message" title={task.message ?? ''}>
          {task.step && <span class="row-step">{task.step}</span>}
          {task.state === 'failed' && task.reason && <span class="row-reason">{failure(task)}</span>}
          {task.message && <span>{task.message}</span>}
        </p>
      </div>
      <span class="row-percent">{task.progress === null ? '–' : percent(task.progress)}</span>
      <Timing task={task} />
      <div class="row-actions">
        <TaskActions task={task} onRerun={onRerun} onProblem={onProblem} />
      </div>
    </li>
  );
}
