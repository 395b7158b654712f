import { useMemo, useState } from 'preact/hooks';
import type { Entry, Transcript } from '../console/transcript';
import { timeOfDay } from '../format/moment';
import { bytes } from '../format/number';
import { t } from '../i18n/language';
import { useFollow } from './follow';
import { Icon } from './icon';

/** Every frame both ways, the newest below. It follows the newest one until one scrolls up. */
export function FrameList({ transcript }: { transcript: Transcript }) {
  const entries = transcript.entries.value;
  const { box, onScroll } = useFollow<HTMLOListElement>(entries);
  const paused = transcript.paused.value;
  return (
    <section class="panel frames-panel" aria-labelledby="frames-heading">
      <div class="section-head">
        <h2 id="frames-heading">{t('console.frames')}</h2>
        <span class="spring" />
        <button type="button" class="button" aria-pressed={paused} onClick={() => transcript.togglePause()}>
          {paused ? t('console.resume', { n: transcript.held.value }) : t('console.pause')}
        </button>
        <button type="button" class="button" onClick={() => transcript.clear()}>{t('console.clear')}</button>
      </div>
      {entries.length === 0 && <p class="field-hint">{t('console.none')}</p>}
      <ol class="frames" ref={box} onScroll={onScroll} tabIndex={0} aria-labelledby="frames-heading">
        {entries.map((entry) => <Frame key={entry.id} entry={entry} />)}
      </ol>
    </section>
  );
}

function Frame({ entry }: { entry: Entry }) {
  const [open, setOpen] = useState(false);
  return useMemo(() => {
    const time = <time>{timeOfDay(entry.at, true)}</time>;
    if (entry.direction === 'note') return <li class="frame" data-direction="note">{time}<span class="frame-note">{entry.text}</span></li>;
    return (
      <li class="frame" data-direction={entry.direction} data-event={entry.event}>
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary title={t('console.expand')}>
            {time}
            <span class="frame-direction" title={t(`console.${entry.direction}`)}>
              <Icon name={entry.direction} />
              <span class="hidden">{t(`console.${entry.direction}`)}</span>
            </span>
            <span class="frame-size">{bytes(entry.size)}</span>
            <span class="frame-event">{entry.event}</span>
            <span class="frame-text">{entry.text}</span>
          </summary>
          {open && <pre><code>{pretty(entry.text)}</code></pre>}
        </details>
      </li>
    );
  }, [entry, open]);
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
