import { render } from 'preact';
import { useSignalEffect } from '@preact/signals';
import { clock } from '../format/clock';
import { percent } from '../format/number';
import { t, word } from '../i18n/language';
import { isFinal } from '../task/task';
import { Details } from '../view/details';
import { Header } from '../view/header';
import { LogView } from '../view/log-view';
import { Notice } from '../view/notice';
import { StepList } from '../view/step-list';
import { TaskHead } from '../view/task-head';
import { address } from './root';
import { Watch } from './watch';

const id = decodeURIComponent(location.pathname.replace(/\/+$/, '').split('/').pop() ?? '');
const watch = new Watch(id);

function title(): string {
  const task = watch.task.value;
  if (!task) return `${id} · RunFlow`;
  const head = isFinal(task.state) || task.progress === null ? word('state', task.state) : percent(task.progress);
  return `${head} · ${task.title} · RunFlow`;
}

function Page() {
  useSignalEffect(() => {
    document.title = title();
  });
  const task = watch.task.value;
  const { problem } = watch;
  return (
    <>
      <Header here="task" state={watch.link.state} onRetry={() => watch.link.connection.open()} />
      <main id="main" class="task">
        {problem.value !== null && <Notice problem={problem.value} onDismiss={() => (problem.value = null)} />}
        {!task && (
          <div class="empty">
            <p>{watch.missing.value ? t('task.notFound') : t('tasks.loading')}</p>
            <p><a href={address('.')}>{t('task.back')}</a></p>
          </div>
        )}
        {task && (
          <>
            <TaskHead task={task} onProblem={watch.report} />
            {task.steps.length > 0 && <StepList steps={task.steps} />}
            <LogView book={watch.book} id={task.id} />
            <Details task={task} />
          </>
        )}
      </main>
    </>
  );
}

clock.start();
watch.start();
render(<Page />, document.getElementById('app')!);
