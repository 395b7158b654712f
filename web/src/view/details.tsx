import type { ComponentChildren } from 'preact';
import { clock } from '../format/clock';
import { duration } from '../format/duration';
import { dateAndTime } from '../format/moment';
import { count, rate } from '../format/number';
import { t, type Key } from '../i18n/language';
import { taskAddress } from '../page/root';
import { isFinal, type Task } from '../task/task';
import { left, spent } from './timing';

/** Everything else that is known of a task. */
export function Details({ task }: { task: Task }) {
  return (
    <section class="panel details" aria-labelledby="details-heading">
      <h2 id="details-heading">{t('task.details')}</h2>
      <dl class="facts">
        <Fact name="task.id"><code>{task.id}</code></Fact>
        {task.flow && <Fact name="task.flow">{task.flow}</Fact>}
        {task.parent && <Fact name="task.parent"><a href={taskAddress(task.parent)}><code>{task.parent}</code></a></Fact>}
        <Fact name="task.attempt">{task.attempt}</Fact>
        {task.current !== null && <Fact name="task.amount">{amount(task)}</Fact>}
        {task.rate !== null && !isFinal(task.state) && <Fact name="task.rate">{rate(task.rate, task.unit)}</Fact>}
        <Clocked task={task} />
        <Fact name="task.created">{dateAndTime(task.createdAt)}</Fact>
        {task.startedAt && <Fact name="task.started">{dateAndTime(task.startedAt)}</Fact>}
        {task.endedAt && <Fact name="task.ended">{dateAndTime(task.endedAt)}</Fact>}
        <Fact name="task.seq">{task.seq}</Fact>
        {Object.keys(task.labels).length > 0 && (
          <Fact name="task.labels">
            {Object.entries(task.labels).map(([key, value]) => <code key={key} class="label">{key}={value}</code>)}
          </Fact>
        )}
      </dl>
      <Value name="task.params" value={task.params} />
      <Value name="task.metadata" value={task.metadata} />
      <Value name="task.result" value={task.result} />
      <Value name="task.error" value={task.error} />
    </section>
  );
}

function Clocked({ task }: { task: Task }) {
  const now = clock.now.value;
  const rest = left(task, now);
  const time = spent(task, now);
  return (
    <>
      {time !== undefined && <Fact name="task.duration">{duration(time)}</Fact>}
      {rest !== undefined && <Fact name="task.eta">{duration(rest)}</Fact>}
    </>
  );
}

function Fact({ name, children }: { name: Key; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{t(name)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Value({ name, value }: { name: Key; value: unknown }) {
  if (value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)) return null;
  return (
    <div class="value">
      <h3>{t(name)}</h3>
      <pre tabIndex={0}><code>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</code></pre>
    </div>
  );
}

function amount(task: Task): string {
  const total = task.total === null ? '' : ` / ${count(task.total)}`;
  return `${count(task.current ?? 0)}${total} ${task.unit ?? ''}`.trim();
}
