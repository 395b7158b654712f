import { percent } from '../format/number';
import { t } from '../i18n/language';
import { address, taskAddress } from '../page/root';
import type { Task } from '../task/task';
import { Badge } from './badge';
import { Bar } from './bar';
import { failure } from './failure';
import { TaskActions } from './task-actions';
import { Timing } from './timing';

/** What one wants to know first of a task: what it is, how far it is, what it says, how long it still takes. */
export function TaskHead({ task, onProblem }: { task: Task; onProblem: (problem: unknown) => void }) {
  return (
    <section class="task-head" data-state={task.state} data-task={task.id}>
      <p class="crumb">
        <a href={address('.')}>{t('task.back')}</a>
        <span>{task.flow ?? t('tasks.reported')}</span>
      </p>
      <div class="section-head">
        <h1>{task.title}</h1>
        <span class="spring" />
        <TaskActions task={task} onProblem={onProblem} onRerun={(next) => location.assign(taskAddress(next.id))} />
      </div>
      <div class="task-figure">
        <span class="task-percent">{task.progress === null ? '–' : percent(task.progress)}</span>
        <span role="status"><Badge state={task.state} stalled={task.stalled ?? false} /></span>
        {task.attempt > 1 && <span class="muted">{t('tasks.attempt', { n: task.attempt })}</span>}
        <span class="spring" />
        <Timing task={task} />
      </div>
      <Bar large progress={task.progress} state={task.state} label={t('tasks.progressOf', { title: task.title })} message={task.message} />
      <p class="task-message">
        {task.state === 'failed' && task.reason && <strong>{failure(task)} </strong>}
        {task.message}
      </p>
    </section>
  );
}
