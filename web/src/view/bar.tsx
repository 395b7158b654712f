import { percent } from '../format/number';
import { t } from '../i18n/language';

interface Props {
  /** 0–100, null for an indeterminate bar. */
  progress: number | null;
  state: string;
  /** What progresses, for a screen reader. */
  label: string;
  message?: string | null;
  large?: boolean;
}

/** A progress bar. Its colour follows the state, and its stripes move only while something runs. */
export function Bar({ progress, state, label, message, large }: Props) {
  const known = progress !== null;
  const moving = state === 'running' || state === 'canceling';
  const value = known ? percent(progress) : t('tasks.unknown');
  return (
    <div
      class={`bar ${large ? 'bar-large' : ''} ${known ? '' : moving ? 'bar-indeterminate' : 'bar-unknown'}`}
      data-state={state}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(known ? { 'aria-valuenow': Math.round(progress * 10) / 10 } : {})}
      aria-valuetext={message ? `${value}, ${message}` : value}
    >
      <div class="bar-fill" style={{ transform: `translateX(${known && progress === 0 ? -101 : (progress ?? 100) - 100}%)` }} />
    </div>
  );
}
