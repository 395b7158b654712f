import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messageData, PRESETS, type Preset } from '../console/preset';
import type { Session } from '../console/session';
import { t } from '../i18n/language';

/** Two ways to send: a message, which comes back, and any event with any data. */
export function Composer({ session }: { session: Session }) {
  const [event, setEvent] = useState('subscribe');
  const [data, setData] = useState('{"all": true}');
  const choose = (preset: Preset) => {
    setEvent(preset.event);
    setData(preset.data === undefined ? '' : JSON.stringify(preset.data, null, 1).replace(/\n\s*/g, ' '));
  };
  return (
    <>
      <MessageForm session={session} />
      <EventForm session={session} event={event} data={data} onEvent={setEvent} onData={setData}>
        <div class="presets" role="group" aria-label={t('console.presets')}>
          {PRESETS.map((preset) => (
            <button key={preset.event} type="button" class="button-quiet chip" aria-pressed={preset.event === event} onClick={() => choose(preset)}>
              {preset.event}
            </button>
          ))}
        </div>
      </EventForm>
    </>
  );
}

function MessageForm({ session }: { session: Session }) {
  const [text, setText] = useState('');
  const ready = session.state.value.kind === 'connected';
  const submit = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    session.send('message', messageData(text));
    setText('');
  };
  return (
    <form class="panel message" onSubmit={submit}>
      <div class="field">
        <label for="message">{t('console.message')}</label>
        <input id="message" type="text" autocomplete="off" value={text} aria-describedby="message-hint" onInput={(event) => setText(event.currentTarget.value)} />
      </div>
      <button type="submit" class="button button-main" disabled={!ready}>{t('console.send')}</button>
      <p class="field-hint" id="message-hint">{t('console.messageHint')}</p>
    </form>
  );
}

interface EventFormProps {
  /** What fills the form in. */
  children: ComponentChildren;
  session: Session;
  event: string;
  data: string;
  onEvent: (event: string) => void;
  onData: (data: string) => void;
}

function EventForm({ children, session, event, data, onEvent, onData }: EventFormProps) {
  const ready = session.state.value.kind === 'connected';
  const parsed = parse(data);
  const submit = (submitted: Event) => {
    submitted.preventDefault();
    if (ready && parsed.valid) session.send(event, parsed.value);
  };
  return (
    <form class="panel event" onSubmit={submit}>
      {children}
      <div class="field">
        <label for="event">{t('console.event')}</label>
        <input id="event" type="text" spellcheck={false} autocomplete="off" required value={event} onInput={(input) => onEvent(input.currentTarget.value)} />
      </div>
      <div class="field">
        <label for="data">{t('console.data')}</label>
        <textarea
          id="data" rows={2} spellcheck={false} value={data} aria-invalid={!parsed.valid} aria-describedby="data-error"
          onInput={(input) => onData(input.currentTarget.value)}
        />
        <p class="field-error" id="data-error">{parsed.valid ? '' : t('start.notJson')}</p>
      </div>
      <button type="submit" class="button" disabled={!ready || !parsed.valid}>{t('console.sendEvent')}</button>
    </form>
  );
}

function parse(text: string): { valid: boolean; value?: unknown } {
  if (text.trim() === '') return { valid: true };
  try {
    return { valid: true, value: JSON.parse(text) };
  } catch {
    return { valid: false };
  }
}
