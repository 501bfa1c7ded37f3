import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { OnePicture } from '../parts/OnePicture.js';
import { copyOf } from '../pictures.js';
import { useAction } from '../useSession.js';
import { useTexts } from '../useTexts.js';

export function Identify() {
  const { t } = useTexts();
  const action = useAction(true);
  const outcome = action.outcome?.kind === 'identified' ? action.outcome : null;

  const identify = (picture: Picture) => action.run(async (session) => session.identify(await copyOf(picture)));

  return (
    <ActionPage
      title={t('identify.title')}
      lead={t('identify.lead')}
      action={action}
      words={
        outcome &&
        (outcome.subject === null
          ? { sign: 'no', title: t('identify.nobody'), text: t('identify.nobodyText') }
          : {
              sign: 'yes',
              title: t('identify.found', { subject: outcome.subject }),
              text: t('identify.foundText'),
            })
      }
      steps={[t('identify.step1'), t('identify.step2'), t('identify.step3')]}
      receipt={outcome?.receipt}
    >
      <OnePicture
        action={action}
        takeLabel={t('identify.take')}
        atOnce
        kind="primary"
        icon="identify"
        label={outcome ? t('identify.again') : t('identify.act')}
        onAct={identify}
      />
    </ActionPage>
  );
}
