import { Problem } from '../api/problem';
import { t } from '../i18n/language';
import { Icon } from './icon';

/** What went wrong, in the server's own words, until it is dismissed. */
export function Notice({ problem, onDismiss }: { problem: unknown; onDismiss?: () => void }) {
  return (
    <div class="notice" role="alert">
      <p>
        <strong>{t('problem.heading')}</strong> {sentence(problem)}
      </p>
      {onDismiss && (
        <button type="button" class="button-quiet" aria-label={t('problem.dismiss')} title={t('problem.dismiss')} onClick={onDismiss}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

/** A problem in one line. */
export function sentence(problem: unknown): string {
  if (!(problem instanceof Problem)) return String(problem);
  if (problem.code === 'unreachable') return t('problem.unreachable');
  const errors = problem.errors.map((error) => `${error.field}: ${error.detail}`).join('; ');
  return [problem.detail || problem.title, errors].filter(Boolean).join(' — ');
}
