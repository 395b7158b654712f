import { useState } from 'preact/hooks';
import { SUBPROTOCOLS } from '../client/connection';
import type { Session } from '../console/session';
import { t } from '../i18n/language';
import { socketAddress } from '../page/root';

/** Where to connect, and the one button that connects and disconnects. */
export function ConnectForm({ session }: { session: Session }) {
  const [address, setAddress] = useState(socketAddress);
  const [protocol, setProtocol] = useState('');
  const open = session.state.value.kind !== 'idle';
  const submit = (event: Event) => {
    event.preventDefault();
    if (open) session.disconnect();
    else session.connect(address, protocol);
  };
  return (
    <form class="panel connect" onSubmit={submit}>
      <div class="field">
        <label for="address">{t('console.address')}</label>
        <input id="address" type="text" spellcheck={false} autocomplete="off" value={address} disabled={open} onInput={(event) => setAddress(event.currentTarget.value)} />
      </div>
      <div class="field">
        <label for="protocol">{t('console.protocol')}</label>
        <select id="protocol" value={protocol} disabled={open} onChange={(event) => setProtocol(event.currentTarget.value)}>
          <option value="">{t('console.noProtocol')}</option>
          {[...SUBPROTOCOLS].reverse().map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </div>
      <button type="submit" class={`button ${open ? '' : 'button-main'}`}>{t(open ? 'console.disconnect' : 'console.connect')}</button>
    </form>
  );
}
