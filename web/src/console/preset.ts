/** Something to send, ready to be changed. */
export interface Preset {
  event: string;
  data?: unknown;
}

/** What the protocol knows, in the order in which one tries it. */
export const PRESETS: readonly Preset[] = [
  { event: 'message', data: { hello: 'RunFlow' } },
  { event: 'subscribe', data: { all: true } },
  { event: 'unsubscribe', data: { all: true } },
  { event: 'join', data: { room: 'lobby' } },
  { event: 'room', data: { room: 'lobby', data: 'hello, everyone' } },
  { event: 'leave', data: { room: 'lobby' } },
  { event: 'clients' },
  { event: 'private', data: { to: 'CLIENT-ID', data: 'hello, you' } },
  { event: 'ping', data: 1 },
];

/** What is typed as a message: JSON if it is JSON of some structure, text otherwise. */
export function messageData(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
