import { render } from 'preact';
import { useSignalEffect } from '@preact/signals';
import { Session } from '../console/session';
import { Transcript } from '../console/transcript';
import { t } from '../i18n/language';
import { Composer } from '../view/composer';
import { ConnectForm } from '../view/connect-form';
import { FrameList } from '../view/frame-list';
import { Header } from '../view/header';
import { beforePaint } from './paint';

const transcript = new Transcript(beforePaint);
const session = new Session(transcript);

function Console() {
  useSignalEffect(() => {
    document.title = `${t('nav.console')} · RunFlow`;
  });
  return (
    <>
      <Header here="console" state={session.state} />
      <main id="main" class="console">
        <div class="console-form">
          <div class="section-head console-title">
            <h1>{t('console.heading')}</h1>
            <p class="field-hint">{t('console.intro')}</p>
          </div>
          <ConnectForm session={session} />
          <Composer session={session} />
        </div>
        <FrameList transcript={transcript} />
      </main>
    </>
  );
}

render(<Console />, document.getElementById('app')!);
