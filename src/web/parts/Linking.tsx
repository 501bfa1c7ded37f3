import { useId, useState } from 'react';
import { Trans } from 'react-i18next';
import type { Capture } from '../../client/types.js';
import type { Attackers } from '../useAttackers.js';
import { useRehearsal } from '../useRehearsal.js';
import { useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';
import { AttackProgress } from './AttackProgress.js';
import { Button } from './Button.js';
import { Links } from './Links.js';
import { PicturePicker } from './PicturePicker.js';

interface LinkingProps {
  /** Whose message it is asked. */
  capture: Capture;
  linker: Attackers['linker'];
  /** Whether any attack is going on. */
  busy: boolean;
}

/** The released linkage attacker on a message, beside a photo of the visitor's choice, or the very picture that the message is of. */
export function Linking({ capture, linker: { state, run, clear }, busy }: LinkingProps) {
  const { t } = useTexts();
  const id = useId();
  const session = useSessionState();
  const { pictures, picker, rehearse, refusal } = useRehearsal(clear);
  const [photo, setPhoto] = useState<Capture | null>(null);

  const ready = session.status === 'ready' && !busy;
  const compare = (theirs: Capture) => {
    if (session.status !== 'ready') return;
    setPhoto(theirs);
    run(session.started.backend, capture, theirs);
  };

  return (
    <section className="reveal" aria-labelledby={id}>
      <h2 id={id}>{t('linking.title')}</h2>
      <p className="lead">{t('linking.lead')}</p>
      <div className="desk">
        <div className="card form">
          <h3>{t('linking.photo')}</h3>
          <p>{t('linking.photoText')}</p>
          <PicturePicker {...picker} takeLabel={t('attack.take')} />
          <Button
            kind="primary"
            icon="identify"
            unavailable={!ready}
            onPress={() => (pictures.length > 0 ? void rehearse(compare) : compare(capture))}
          >
            {pictures.length > 0 ? t('linking.act') : t('linking.actSame')}
          </Button>
        </div>
        <AttackProgress
          state={refusal === null ? state : { stage: 'failed', error: refusal }}
          steps={[t('linking.step1'), t('linking.step2'), t('linking.step3')]}
          loading={t('attack.loading')}
          attacking={t('linking.comparing')}
          done={t('linking.done')}
          heading="h3"
        >
          <Trans i18nKey="linking.nothingSent" components={{ strong: <strong /> }} />
        </AttackProgress>
      </div>
      {state.stage === 'done' && photo !== null && (
        <Links capture={state.capture} photo={photo} linkage={state.result} />
      )}
    </section>
  );
}
