import type { Signal } from '@preact/signals';
import type { ConnectionState } from '../client/connection';
import { clock } from '../format/clock';
import { timeOfDay } from '../format/moment';
import { t } from '../i18n/language';

/** Says whether the page is live: connected, when it tries again, and since when what it shows may be out of date. */
export function ConnectionPill({ state, onRetry }: { state: Signal<ConnectionState>; onRetry?: () => void }) {
  const now = state.value;
  const stale = 'staleSince' in now && now.staleSince !== null ? timeOfDay(now.staleSince) : '';
  return (
    <span class="pill" data-link={now.kind}>
      {/* The countdown is not announced each second: the live region changes with the kind of state only. */}
      <span class="dot" aria-hidden="true" />
      <span class="pill-text" role="status">
        <span class="pill-word" aria-hidden={now.kind === 'waiting'}>{label(now)}</span>
        {stale && <span class="pill-stale">{t('link.stale', { time: stale })}</span>}
      </span>
      {onRetry && (now.kind === 'waiting' || now.kind === 'closed') && (
        <button type="button" class="button-link" onClick={onRetry}>{t('link.retry')}</button>
      )}
    </span>
  );
}

function label(state: ConnectionState): string {
  switch (state.kind) {
    case 'waiting': {
      clock.now.value; // drawn again each second
      return t('link.waiting', { n: Math.max(0, Math.ceil((state.until - Date.now()) / 1_000)) });
    }
    case 'closed':
      return t('link.closed', { code: state.code });
    default:
      return t(`link.${state.kind}`);
  }
}
