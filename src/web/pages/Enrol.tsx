import { useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { BUTTON, Button } from '../parts/Button.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { NameField } from '../parts/NameField.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { Switch } from '../parts/Switch.js';
import { copyOf } from '../pictures.js';
import { useSettings } from '../useSettings.js';
import { useCheckedFor } from '../useCheckedFor.js';
import { useAction, useSession, useUnderKey } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** Pictures the camera takes for one template. */
const SHOTS = 3;

export function Enrol() {
  const { t } = useTexts();
  const session = useSession();
  const action = useAction();
  const underKey = useUnderKey();
  const [name, setName] = useState('');
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const [live, setLive] = useState(useSettings().live);
  const check = useCheckedFor(async () => ({ challenge: await session.challenge() }));
  const outcome = action.outcome?.kind === 'enrolled' ? action.outcome : null;

  const enrol = () =>
    action.run(async (session) => {
      const copies = await Promise.all(pictures.map(copyOf));
      await session.enrol(name, copies, live ? check.offerFor(pictures)?.challenge : undefined);
    });

  return (
    <ActionPage
      title={t('enrol.title')}
      lead={t('enrol.lead')}
      action={action}
      words={
        outcome && {
          sign: 'yes',
          title: t('enrol.done', { subject: outcome.subject }),
          text: session.enrolledHere().includes(outcome.subject)
            ? t('enrol.kept', { count: outcome.receipt.captures.length })
            : t('enrol.unkept'),
        }
      }
      steps={[
        live ? t('enrol.step1Live') : t('enrol.step1'),
        underKey ? t('enrol.step2Key') : t('enrol.step2'),
        t('enrol.step3'),
      ]}
      receipt={outcome?.receipt}
    >
      <NameField
        label={t('enrol.name')}
        hint={t('enrol.nameHint')}
        value={name}
        onChange={(next) => {
          setName(next);
          action.clear();
        }}
        invalid={action.error === 'subject_invalid' || action.error === 'subject_exists'}
      />
      <Switch
        label={t('live.check')}
        hint={t('live.checkHint')}
        on={live}
        onChange={(on) => {
          setLive(on);
          // What was taken before was not checked.
          if (on) setPictures(pictures.filter((picture) => picture instanceof Blob));
        }}
      />
      <PicturePicker
        pictures={pictures}
        onPictures={(next) => {
          setPictures(next);
          action.clear();
        }}
        wrong={action.wrong}
        most={MAX_CAPTURES}
        shots={SHOTS}
        automatic
        takeLabel={t('pictures.takeOne')}
        challenger={live ? check.challenger : undefined}
      />
      {pictures.length > 0 && !outcome && (
        <Button kind="primary" icon="enrol" submits unavailable={!action.ready} onPress={enrol}>
          {t('enrol.act', { count: pictures.length })}
        </Button>
      )}
      {outcome && (
        <Link to="verify" className={BUTTON.primary}>
          <Icon name="verify" />
          <span>{t('enrol.verify')}</span>
        </Link>
      )}
    </ActionPage>
  );
}
