import { word } from '../i18n/language';
import { Icon, isIcon } from './icon';

/** A state as an icon and a word, so that colour is never the only sign. */
export function Badge({ state, stalled = false }: { state: string; stalled?: boolean }) {
  const shown = stalled ? 'stalled' : state;
  return (
    <span class="badge" data-state={shown}>
      {isIcon(state) && <Icon name={state} />}
      {word('state', shown)}
    </span>
  );
}
