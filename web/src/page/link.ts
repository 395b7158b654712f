import { signal, type Signal } from '@preact/signals';
import { Connection, type ConnectionState } from '../client/connection';
import type { Message } from '../client/frame';
import { socketAddress } from './root';

/** The one WebSocket of a page, and its state as a signal. */
export interface Link {
  connection: Connection;
  state: Signal<ConnectionState>;
}

/** Makes the page's connection (not open yet) and lets the browser's own signs of life wake it. */
export function link(onMessage: (message: Message) => void): Link {
  const state = signal<ConnectionState>({ kind: 'idle' });
  const connection = new Connection({
    url: socketAddress(),
    onMessage,
    onState: (next) => (state.value = next),
  });
  addEventListener('online', () => connection.wake());
  addEventListener('pageshow', (event) => event.persisted && connection.wake());
  document.addEventListener('visibilitychange', () => !document.hidden && connection.wake());
  return { connection, state };
}
