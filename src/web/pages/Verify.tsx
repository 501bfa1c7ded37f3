import { useState } from 'react';
import { nameOf } from '../../client/messages.js';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { NameField } from '../parts/NameField.js';
import { OnePicture } from '../parts/OnePicture.js';
import { Switch } from '../parts/Switch.js';
import { copyOf } from '../pictures.js';
import { useSettings } from '../useSettings.js';
import { useCheckedFor } from '../useCheckedFor.js';
import { useAction, useOwnKey, useSession, useUnderKey } from '../useSession.js';
import { useTexts } from '../useTexts.js';

export function Verify() {
  const { t } = useTexts();
  const session = useSession();
  const action = useAction(true);
  const underKey = useUnderKey();
  const ownKey = useOwnKey();
  const [name, setName] = useState(() => session.enrolledHere().at(-1) ?? '');
  const outcome = action.outcome?.kind === 'verified' ? action.outcome : null;

  const [live, setLive] = useState(useSettings().live);
  const check = useCheckedFor(async () => {
    // Nobody makes movements for a name that cannot be asked for.
    nameOf(name);
    return { challenge: await session.challenge() };
  });

  const verify = (picture: Picture) =>
    action.run(async (session) => {
      const checkedFor = live ? check.offerFor([picture])?.challenge : undefined;
      await session.verify(name, await copyOf(picture), checkedFor);
    });

  return (
    <ActionPage
      title={t('verify.title')}
      lead={t('verify.lead')}
      action={action}
      words={
        outcome &&
        (outcome.match
          ? {
              sign: 'yes',
              title: t('verify.yes', { subject: outcome.subject }),
              text: t('verify.yesText'),
            }
          : {
              sign: 'no',
              title: t('verify.no', { subject: outcome.subject }),
              text: ownKey === null ? t('verify.noText') : t('verify.noTextKey'),
            })
      }
      steps={[
        live ? t('verify.step1Live') : t('verify.step1'),
        underKey ? t('verify.step2Key') : t('verify.step2'),
        t('verify.step3'),
      ]}
      receipt={outcome?.receipt}
    >
      <NameField
        label={t('verify.name')}
        value={name}
        onChange={(next) => {
          setName(next);
          action.clear();
        }}
        invalid={action.error === 'subject_invalid'}
        known={session.enrolledHere()}
      />
      <Switch label={t('live.check')} hint={t('live.checkHint')} on={live} onChange={setLive} />
      <OnePicture
        action={action}
        takeLabel={t('verify.take')}
        atOnce
        challenger={live ? check.challenger : undefined}
        kind="primary"
        icon="verify"
        label={outcome ? t('verify.again') : t('verify.act')}
        onAct={verify}
      />
    </ActionPage>
  );
}
