import { useMemo } from 'preact/hooks';
import { logPath } from '../api/log';
import { count } from '../format/number';
import { t } from '../i18n/language';
import { spans, type Span } from '../log/ansi';
import type { Block, LogBook } from '../log/book';
import { address } from '../page/root';
import { useFollow } from './follow';

/** The end of the log, live. It follows the newest line until one scrolls up. */
export function LogView({ book, id }: { book: LogBook; id: string }) {
  const blocks = book.blocks.value;
  const { box, following, setFollowing, onScroll } = useFollow<HTMLDivElement>(blocks);
  return (
    <section class="panel log-panel" aria-labelledby="log-heading">
      <div class="section-head">
        <h2 id="log-heading">{t('task.log')}</h2>
        <span class="spring" />
        <label class="check">
          <input type="checkbox" checked={following} onChange={(event) => setFollowing(event.currentTarget.checked)} />
          {t('task.follow')}
        </label>
        <a href={address(logPath(id))}>{t('task.raw')}</a>
      </div>
      {blocks.length === 0 ? (
        <p class="field-hint">{t('task.noLog')}</p>
      ) : (
        <div class="log" ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-labelledby="log-heading">
          {blocks.map((block, i) => (
            <LogBlock key={block.from} block={block} expected={nextOf(blocks[i - 1])} />
          ))}
        </div>
      )}
    </section>
  );
}

/** A block is drawn when it changes, which a full one never does. */
function LogBlock({ block, expected }: { block: Block; expected: number }) {
  return useMemo(
    () => (
      <>
        {block.from > expected && <p class="log-gap">{t('task.skipped', { n: count(block.from - expected) })}</p>}
        <div class="log-block">
          {block.lines.map((line, i) => (
            <div key={i} class="line" data-line={block.from + i}>{spans(line).map(draw)}</div>
          ))}
        </div>
      </>
    ),
    [block, expected],
  );
}

/** Text goes into text nodes, always: a log line can say anything and become nothing. */
function draw(span: Span, key: number) {
  if (!span.classes && !span.color && !span.background) return span.text;
  return (
    <span key={key} class={span.classes} style={{ color: span.color, background: span.background }}>{span.text}</span>
  );
}

function nextOf(block: Block | undefined): number {
  return block ? block.from + block.lines.length : 1;
}
