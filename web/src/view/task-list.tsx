import type { State } from '../client/frame';
import { t, word } from '../i18n/language';
import { address } from '../page/root';
import type { Board } from '../page/board';
import { STATES } from '../task/task';
import { Icon } from './icon';
import { Notice } from './notice';
import { TaskRow } from './task-row';

/** The list of tasks, newest first, with what stands above and below it. */
export function TaskList({ board }: { board: Board }) {
  const { list, problem, loading, cursor } = board;
  const ids = list.ids.value;
  return (
    <section class="tasks" aria-labelledby="tasks-heading">
      <div class="section-head">
        <h1 id="tasks-heading">{t('tasks.heading')}</h1>
        <Counts counts={list.counts.value} />
      </div>
      {problem.value !== null && <Notice problem={problem.value} onDismiss={() => (problem.value = null)} />}
      {ids.length === 0 && !board.loaded.value && <p class="empty">{t('tasks.loading')}</p>}
      {ids.length === 0 && board.loaded.value && <Empty />}
      <ul class="rows" aria-busy={loading.value}>
        {ids.map((id) => {
          const row = list.row(id);
          return row && <TaskRow key={id} row={row} onRerun={board.add} onProblem={board.report} />;
        })}
      </ul>
      {cursor.value && (
        <button type="button" class="button more" disabled={loading.value} onClick={board.more}>{t('tasks.more')}</button>
      )}
    </section>
  );
}

function Counts({ counts }: { counts: Record<State, number> }) {
  return (
    <ul class="counts">
      {STATES.filter((state) => counts[state] > 0).map((state) => (
        <li key={state} data-state={state}>
          <Icon name={state} /> {counts[state]} <span>{word('state', state)}</span>
        </li>
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p><strong>{t('tasks.empty')}</strong></p>
      <p>{t('tasks.emptyHint')}</p>
      <pre><code>{`curl -X POST ${address('tasks')} -d '{"flow":"demo"}'`}</code></pre>
    </div>
  );
}
