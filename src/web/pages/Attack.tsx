import { useState } from 'react';
import { Trans } from 'react-i18next';
import { XnnError, type ErrorCode } from '../../client/messages.js';
import type { Capture, Picture } from '../../client/types.js';
import { Button } from '../parts/Button.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { Recoveries } from '../parts/Recoveries.js';
import { copyOf } from '../pictures.js';
import { useAttack, type AttackState } from '../useAttack.js';
import { useAttacked } from '../useAttacked.js';
import { useSession, useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** Where visitors are the attacker: the released inversion attacker on what they sent, or on a picture that is only made ready for sending. */
export function Attack() {
  const { t } = useTexts();
  const session = useSession();
  const state = useSessionState();
  const { capture: sent, keep } = useAttacked();
  const { state: attack, run, clear } = useAttack();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const [refusal, setRefusal] = useState<ErrorCode | null>(null);

  const ready = state.status === 'ready' && attack.stage !== 'loading' && attack.stage !== 'attacking';
  const start = (capture: Capture) => {
    if (state.status === 'ready') run(state.started.backend, capture);
  };
  const rehearse = async ([picture]: readonly Picture[]) => {
    if (picture === undefined) return;
    setRefusal(null);
    try {
      const capture = await session.rehearse(await copyOf(picture));
      keep(capture);
      start(capture);
    } catch (error) {
      setRefusal(error instanceof XnnError ? error.code : 'page_failed');
    }
  };
  const forSent = sent !== null && pictures.length === 0;

  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>{t('attack.title')}</h1>
        <p className="lead">{t('attack.lead')} </p>
      </div>
      <div className="desk">
        <div className="card form">
          {forSent ? (
            <>
              <h2>{t('attack.justSent')}</h2>
              <p>{t('attack.justSentText')}</p>
              <Button kind="primary" icon="identify" unavailable={!ready} onPress={() => start(sent)}>
                {attack.stage === 'done' ? t('attack.again') : t('attack.sent')}
              </Button>
              <h2>{t('attack.other')}</h2>
            </>
          ) : (
            <h2>{t('attack.picture')}</h2>
          )}
          <PicturePicker
            pictures={pictures}
            onPictures={(next) => {
              setPictures(next);
              setRefusal(null);
              clear();
            }}
            most={1}
            shots={1}
            automatic={false}
            takeLabel={t('attack.take')}
          />
          {pictures.length > 0 && (
            <Button kind="primary" icon="identify" unavailable={!ready} onPress={() => void rehearse(pictures)}>
              {attack.stage === 'done' ? t('attack.againFresh') : t('attack.act')}
            </Button>
          )}
        </div>
        <div className="card side">
          <Progress state={refusal === null ? attack : { stage: 'failed', error: refusal }} />
          <p className="nothing-else">
            <Icon name="lock" />
            <span>
              <Trans i18nKey="attack.nothingSent" components={{ strong: <strong /> }} />{' '}
            </span>
          </p>
        </div>
      </div>
      {attack.stage === 'done' && <Recoveries capture={attack.capture} attack={attack.attack} />}
      <p className="onward">
        <Trans i18nKey="attack.onward" components={{ a: <Link to="report" /> }} />{' '}
      </p>
    </>
  );
}

function Progress({ state }: { state: AttackState }) {
  const { t, sentence } = useTexts();
  return (
    <div role="status" className="explanation">
      {state.stage === 'idle' && (
        <>
          <h2>{t('answer.explanation')}</h2>
          <ol>
            <li>{t('attack.step1')}</li>
            <li>{t('attack.step2')}</li>
            <li>{t('attack.step3')}</li>
            <li>{t('attack.step4')}</li>
          </ol>
        </>
      )}
      {state.stage === 'loading' && (
        <>
          <h2>{t('attack.loading')}</h2>
          <progress className="progress" aria-label={t('attack.loading')} value={state.fraction} max={1} />
        </>
      )}
      {state.stage === 'attacking' && <h2>{t('attack.painting')}</h2>}
      {state.stage === 'done' && (
        <>
          <h2>{t('attack.done')}</h2>
          <p>{state.attack.fromSent === null ? t('attack.doneKeyed') : t('attack.doneBoth')}</p>
        </>
      )}
      {state.stage === 'failed' && (
        <div className="trouble">
          <h2>{t('answer.failed')}</h2>
          <p>
            {sentence(state.error)} <code>{state.error}</code>
          </p>
        </div>
      )}
    </div>
  );
}
