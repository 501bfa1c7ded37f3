import { useId } from 'react';
import { Trans } from 'react-i18next';
import { FOREIGN_JUDGE_BYTES, type Judgement, type Paintings } from '../../client/attack.js';
import type { Capture } from '../../client/types.js';
import type { Attackers } from '../useAttackers.js';
import { useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';
import { AttackProgress } from './AttackProgress.js';
import { Button } from './Button.js';

interface ForeignJudgeProps {
  capture: Capture;
  paintings: Paintings;
  judge: Attackers['judge'];
  /** Whether any attack is going on. */
  busy: boolean;
}

/** Asks a network that has nothing to do with ours about the paintings, if the visitor wants its download; its verdicts stand under the paintings. */
export function ForeignJudge({ capture, paintings, judge: { state, run }, busy }: ForeignJudgeProps) {
  const { t, megabytes } = useTexts();
  const id = useId();
  const sessionState = useSessionState();
  const size = megabytes(FOREIGN_JUDGE_BYTES);
  return (
    <section className="reveal" aria-labelledby={id}>
      <h2 id={id}>{t('foreign.title')}</h2>
      <div className="desk">
        <div className="card form">
          <p>{t('foreign.lead')}</p>
          <Button
            kind="primary"
            icon="identify"
            unavailable={sessionState.status !== 'ready' || busy}
            onPress={() => {
              if (sessionState.status === 'ready') run(sessionState.started.backend, capture, paintings);
            }}
          >
            {t('foreign.ask', { size })}
          </Button>
        </div>
        <AttackProgress
          state={state}
          steps={[t('foreign.step1', { size }), t('foreign.step2'), t('foreign.step3')]}
          loading={t('foreign.loading')}
          attacking={t('foreign.judging')}
          done={t('foreign.done')}
          heading="h3"
        >
          <Trans i18nKey="foreign.nothingSent" components={STRONG} />
        </AttackProgress>
      </div>
      {state.stage === 'done' && <Reading judgement={state.result} />}
    </section>
  );
}

const STRONG = { strong: <strong /> };

/** Who the judge is, and how often he errs. */
function Reading({ judgement: { measured, ms } }: { judgement: Judgement }) {
  const { t, number, duration } = useTexts();
  const { fmr, impostors, people, accepted, mistaken } = measured;
  const thousandth = (share: number) => number(Math.round(1000 * share));
  return (
    <>
      <div className="card honesty">
        <h3>{t('recovered.reading')}</h3>
        <ul>
          <li>
            <Trans i18nKey="foreign.who" components={STRONG} />
          </li>
          <li>
            <Trans
              i18nKey="foreign.mistakes"
              values={{
                strangers: number(1 / fmr),
                impostors: number(impostors),
                people: number(people),
                accepted: thousandth(accepted),
                mistaken: thousandth(mistaken),
                thousand: number(1000),
              }}
              components={STRONG}
            />
          </li>
          <li>
            <Trans i18nKey="foreign.easier" components={STRONG} />
          </li>
        </ul>
      </div>
      <p className="scale-note">{t('foreign.time', { time: duration(ms) })}</p>
    </>
  );
}
