import { useEffect, useRef, useState } from 'preact/hooks';
import { listFlows, type Flow } from '../api/flows';
import { Problem } from '../api/problem';
import { startTask } from '../api/tasks';
import { fields, initialInputs, parameterOf, params, type Inputs } from '../form/schema';
import { t } from '../i18n/language';
import { taskAddress } from '../page/root';
import type { Task } from '../task/task';
import { FieldInput } from './field-input';
import { Notice } from './notice';

/** Starts a flow: choose it, fill in its parameters, see what the server says about them. */
export function StartForm({ generation, onStarted }: { generation: number; onStarted: (task: Task) => void }) {
  const [flows, setFlows] = useState<Flow[]>();
  const [name, setName] = useState('');
  // Beside the list it stands open; above it, on a narrow screen, the list comes first.
  const [open, setOpen] = useState(() => matchMedia('(min-width: 68rem)').matches);
  useEffect(() => {
    // After a loss the server may be another one, with other flows.
    if (!flows || generation > 1) listFlows().then(setFlows, () => undefined);
  }, [generation]);
  const flow = flows?.find((each) => each.name === name) ?? flows?.[0];
  return (
    <details class="start panel" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h2>{t('start.heading')}</h2></summary>
      {flows?.length === 0 && <p class="field-hint">{t('start.none')}</p>}
      {flow && flows && (
        <>
          <div class="field">
            <label for="flow">{t('start.flow')}</label>
            <select id="flow" value={flow.name} onChange={(event) => setName(event.currentTarget.value)}>
              {flows.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
            </select>
            <p class="field-hint">{flow.description || flow.title}</p>
          </div>
          <ParamsForm key={flow.name} flow={flow} onStarted={onStarted} />
        </>
      )}
    </details>
  );
}

function ParamsForm({ flow, onStarted }: { flow: Flow; onStarted: (task: Task) => void }) {
  const all = fields(flow.params);
  const [inputs, setInputs] = useState<Inputs>(() => initialInputs(all));
  const [problem, setProblem] = useState<unknown>(null);
  const [started, setStarted] = useState<Task>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const known = new Set(all.map((field) => field.name));
  const errors = problem instanceof Problem ? problem.errors : [];
  const beside = errors.length > 0 && errors.every((error) => known.has(parameterOf(error.field)));

  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem]);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    setStarted(undefined);
    try {
      const task = await startTask(flow.name, params(all, inputs), idempotencyKey());
      setStarted(task);
      onStarted(task);
    } catch (cause) {
      setProblem(cause);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form ref={form} noValidate onSubmit={submit}>
      {all.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={inputs[field.name] ?? ''}
          errors={errors.filter((error) => parameterOf(error.field) === field.name).map((error) => error.detail)}
          onChange={(value) => setInputs({ ...inputs, [field.name]: value })}
        />
      ))}
      {problem !== null && !beside && <Notice problem={problem} />}
      <div class="start-foot">
        <button type="submit" class="button button-main" disabled={busy}>{busy ? t('start.busy') : t('start.submit')}</button>
        <span role="status">{started && <>{t('start.started')} <a href={taskAddress(started.id)}>{started.title}</a></>}</span>
      </div>
    </form>
  );
}

/** crypto.randomUUID exists in secure contexts only, and a server on a plain http address is not one. */
function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
