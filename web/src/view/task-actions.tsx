import { useState } from 'preact/hooks';
import { cancelTask, rerunTask } from '../api/tasks';
import { t } from '../i18n/language';
import { isFinal, type Task } from '../task/task';
import { Icon } from './icon';

interface Props {
  task: Task;
  /** Gets the task that a rerun started. */
  onRerun: (task: Task) => void;
  onProblem: (problem: unknown) => void;
}

/** Cancel while it runs; rerun once a flow's task has ended. */
export function TaskActions({ task, onRerun, onProblem }: Props) {
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (problem) {
      onProblem(problem);
    } finally {
      setBusy(false);
    }
  };
  if (!isFinal(task.state)) {
    const disabled = busy || task.state === 'canceling';
    return (
      <button type="button" class="button" disabled={disabled} aria-label={t('tasks.cancelOf', { title: task.title })} onClick={() => act(() => cancelTask(task.id))}>
        <Icon name="stop" /> {t('tasks.cancel')}
      </button>
    );
  }
  if (!task.flow) return null;
  return (
    <button type="button" class="button" disabled={busy} aria-label={t('tasks.rerunOf', { title: task.title })} onClick={() => act(async () => onRerun(await rerunTask(task.id)))}>
      <Icon name="rerun" /> {t('tasks.rerun')}
    </button>
  );
}
