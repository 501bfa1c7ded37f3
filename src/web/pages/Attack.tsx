import { Trans } from 'react-i18next';
import type { Capture } from '../../client/types.js';
import { addEnglish } from '../language.js';
import { AttackProgress } from '../parts/AttackProgress.js';
import { Button } from '../parts/Button.js';
import { ForeignJudge } from '../parts/ForeignJudge.js';
import { Link } from '../parts/Link.js';
import { Linking } from '../parts/Linking.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { Recoveries } from '../parts/Recoveries.js';
import '../styles/attack.css';
import '../styles/reveal.css';
import { texts } from '../texts/en-attack.js';
import { texts as revealTexts } from '../texts/en-reveal.js';
import { useAttacked } from '../useAttacked.js';
import { isBusy, useAttackers } from '../useAttackers.js';
import { useRehearsal } from '../useRehearsal.js';
import { useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';

addEnglish(texts);
// What stayed here, and what left, is called the same.
addEnglish(revealTexts);

/**
 * Where visitors are the attacker: the released painters and the linkage attacker on what they sent, or on a picture that is only
 * made ready for sending.
 */
export function Attack() {
  const { t } = useTexts();
  const state = useSessionState();
  const { capture: sent, keep } = useAttacked();
  const { painter, judge, linker } = useAttackers();
  const attack = painter.state;
  const { pictures, picker, rehearse, refusal } = useRehearsal(painter.clear);

  const busy = [attack, judge.state, linker.state].some(isBusy);
  const ready = state.status === 'ready' && !busy;
  const start = (capture: Capture) => {
    judge.clear();
    if (state.status === 'ready') painter.run(state.started.backend, capture);
  };
  const startAnew = (capture: Capture) => {
    keep(capture);
    linker.clear();
    start(capture);
  };
  const isDone = attack.stage === 'done';
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
                {isDone ? t('attack.again') : t('attack.sent')}
              </Button>
              <h2>{t('attack.other')}</h2>
            </>
          ) : (
            <h2>{t('attack.picture')}</h2>
          )}
          <PicturePicker {...picker} takeLabel={t('attack.take')} />
          {pictures.length > 0 && (
            <Button kind="primary" icon="identify" unavailable={!ready} onPress={() => void rehearse(startAnew)}>
              {isDone ? t('attack.againFresh') : t('attack.act')}
            </Button>
          )}
        </div>
        <AttackProgress
          state={refusal === null ? attack : { stage: 'failed', error: refusal }}
          steps={[t('attack.step1'), t('attack.step2'), t('attack.step3'), t('attack.step4')]}
          loading={t('attack.loading')}
          attacking={t('attack.painting')}
          done={isDone && attack.result.fromSent === null ? t('attack.doneKeyed') : t('attack.doneBoth')}
          heading="h2"
        >
          <Trans i18nKey="attack.nothingSent" components={{ strong: <strong /> }} />
        </AttackProgress>
      </div>
      {isDone && (
        <>
          <Recoveries
            capture={attack.capture}
            paintings={attack.result}
            judgement={judge.state.stage === 'done' ? judge.state.result : null}
          />
          <ForeignJudge capture={attack.capture} paintings={attack.result} judge={judge} busy={busy} />
        </>
      )}
      {sent !== null && <Linking capture={sent} linker={linker} busy={busy} />}
      <p className="onward">
        <Trans i18nKey="attack.onward" components={{ a: <Link to="report" /> }} />{' '}
      </p>
    </>
  );
}
