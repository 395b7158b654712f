import type { Step } from '../client/frame';
import { clock } from '../format/clock';
import { duration } from '../format/duration';
import { percent } from '../format/number';
import { t } from '../i18n/language';
import { Badge } from './badge';
import { Bar } from './bar';

/** The steps of a task, each with its own state, bar and time. */
export function StepList({ steps }: { steps: readonly Step[] }) {
  return (
    <section class="panel" aria-labelledby="steps-heading">
      <h2 id="steps-heading">{t('task.steps')}</h2>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step.name} class="step" data-step={step.name} data-state={step.state}>
            <span class="step-name">{step.name}</span>
            <Badge state={step.state} />
            <Bar progress={progress(step)} state={step.state} label={t('tasks.progressOf', { title: step.name })} />
            <span class="step-percent">{step.progress == null ? '' : percent(step.progress)}</span>
            <span class="step-time">
              {step.exitCode ? <span class="step-exit">{t('task.exit', { code: step.exitCode })}</span> : null}
              <Spent step={step} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A step that has not begun stands at nothing; one that runs without a figure is indeterminate. */
function progress(step: Step): number | null {
  return step.progress ?? (step.state === 'running' || step.state === 'canceling' ? null : 0);
}

function Spent({ step }: { step: Step }) {
  if (!step.startedAt) return null;
  const end = step.endedAt ? Date.parse(step.endedAt) : clock.now.value;
  return <>{duration(end - Date.parse(step.startedAt))}</>;
}
