import { render } from 'preact';
import { useSignalEffect } from '@preact/signals';
import { clock } from '../format/clock';
import { Header } from '../view/header';
import { StartForm } from '../view/start-form';
import { TaskList } from '../view/task-list';
import { t } from '../i18n/language';
import { Board } from './board';

const board = new Board();

function Dashboard() {
  useSignalEffect(() => {
    const { running } = board.list.counts.value;
    document.title = `${running ? `(${running}) ` : ''}${t('tasks.heading')} · RunFlow`;
  });
  return (
    <>
      <Header here="tasks" state={board.link.state} onRetry={() => board.link.connection.open()} />
      <main id="main" class="dashboard">
        <TaskList board={board} />
        <StartForm generation={board.generation.value} onStarted={board.add} />
      </main>
    </>
  );
}

clock.start();
board.start();
render(<Dashboard />, document.getElementById('app')!);
