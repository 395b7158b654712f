import { signal } from '@preact/signals';
import type { ConnectionState } from '../client/connection';
import { encode } from '../client/frame';
import { t } from '../i18n/language';
import type { Transcript } from './transcript';

/** A connection by hand: it opens and closes when told, and nothing is hidden or repeated. */
export class Session {
  readonly state = signal<ConnectionState>({ kind: 'idle' });
  private socket: WebSocket | undefined;

  constructor(private readonly transcript: Transcript) {}

  /** Opens; `protocol` is a subprotocol, or empty for none. */
  connect(address: string, protocol: string): void {
    this.disconnect();
    let socket: WebSocket;
    try {
      socket = new WebSocket(address, protocol ? [protocol] : []);
    } catch (cause) {
      this.transcript.add('note', t('console.refused', { detail: cause instanceof Error ? cause.message : String(cause) }));
      return;
    }
    this.socket = socket;
    this.state.value = { kind: 'connecting', staleSince: null };
    socket.onopen = () => {
      this.state.value = { kind: 'connected' };
      this.transcript.add('note', socket.protocol ? t('console.openedAs', { protocol: socket.protocol }) : t('console.opened'));
    };
    socket.onmessage = (event) => this.transcript.add('in', String(event.data));
    socket.onclose = (event) => {
      this.transcript.add('note', t('console.closed', { code: event.code, reason: event.reason }).trim());
      if (this.socket === socket) this.state.value = { kind: 'idle' };
    };
  }

  disconnect(): void {
    this.socket?.close(1000);
  }

  send(event: string, data: unknown): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const text = encode(event, data);
    this.socket.send(text);
    this.transcript.add('out', text);
  }
}
