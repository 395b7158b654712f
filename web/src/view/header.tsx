import type { Signal } from '@preact/signals';
import type { ConnectionState } from '../client/connection';
import { language, switchLanguage, t } from '../i18n/language';
import { address } from '../page/root';
import { switchTheme, theme } from '../page/theme';
import { ConnectionPill } from './connection-pill';
import { Icon } from './icon';

interface Props {
  here: 'tasks' | 'console' | 'task';
  state: Signal<ConnectionState>;
  onRetry?: () => void;
}

/** The head of every page: where one can go, whether what one sees is live, and the two switches. */
export function Header({ here, state, onRetry }: Props) {
  const current = (page: string) => (here === page ? { 'aria-current': 'page' as const } : {});
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <header class="header">
      <a class="skip" href="#main">{t('nav.skip')}</a>
      <a class="brand" href={address('.')} {...current('tasks')}>
        <img src={address('assets/icon.svg')} alt="" width="26" height="26" />
        RunFlow
      </a>
      <nav aria-label={t('nav.main')}>
        <a href={address('.')} {...current('tasks')}>{t('nav.tasks')}</a>
        <a href={address('websocket')} {...current('console')}>{t('nav.console')}</a>
      </nav>
      <span class="spring" />
      <ConnectionPill state={state} {...(onRetry ? { onRetry } : {})} />
      <button type="button" class="button-quiet" onClick={switchLanguage} lang={language.value === 'en' ? 'zh-CN' : 'en'} data-switch="language">
        {t('language.other')}
      </button>
      <button type="button" class="button-quiet" onClick={switchTheme} aria-label={t(`theme.${other}`)} title={t(`theme.${other}`)} data-switch="theme">
        <Icon name={other === 'light' ? 'sun' : 'moon'} />
      </button>
    </header>
  );
}
