import { useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { NameField } from '../parts/NameField.js';
import { PicturePicker } from '../parts/PicturePicker.js';
import { counted } from '../format.js';
import { copyOf } from '../pictures.js';
import { useAction, useUnderKey } from '../useSession.js';

/** Pictures the camera takes for one template. */
const SHOTS = 3;

export function Enrol() {
  const action = useAction();
  const underKey = useUnderKey();
  const [name, setName] = useState('');
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const outcome = action.outcome?.kind === 'enrolled' ? action.outcome : null;

  const enrol = () =>
    action.run(async (session) => session.enrol(name.trim(), await Promise.all(pictures.map(copyOf))));

  return (
    <ActionPage
      title="Enrol"
      lead="Give yourself a name and show your face. Three captures are averaged into one template."
      action={action}
      words={
        outcome && {
          sign: 'yes',
          title: `${outcome.subject} is enrolled`,
          text: `${kept(outcome.receipt.captures.length)} This browser keeps the receipt that can delete it.`,
        }
      }
      steps={[
        'The camera takes three pictures by itself when they are good, a second apart. Or you choose up to five photos.',
        `Your device turns each into features and ${underKey ? 'hides them with your key' : 'covers them with fresh noise'}. Until you press “Enrol”, nothing is sent.`,
        'The cloud averages the captures into one template: 128 numbers, and no picture.',
      ]}
      receipt={outcome?.receipt}
    >
      <NameField
        label="Your name"
        hint="Any name will do; it is how you will be found again."
        value={name}
        onChange={(next) => {
          setName(next);
          action.clear();
        }}
        invalid={action.error === 'subject_invalid' || action.error === 'subject_exists'}
      />
      <PicturePicker
        pictures={pictures}
        onPictures={(next) => {
          setPictures(next);
          action.clear();
        }}
        most={MAX_CAPTURES}
        shots={SHOTS}
        automatic
        takeLabel="Take one now"
      />
      {pictures.length > 0 && !outcome && (
        <Button kind="primary" icon="enrol" unavailable={!action.ready} onPress={enrol}>
          {`Enrol with ${counted(pictures.length, 'picture')}`}
        </Button>
      )}
      {outcome && (
        <Link to="verify" className="button primary">
          <Icon name="verify" />
          <span>Verify it now</span>
        </Link>
      )}
    </ActionPage>
  );
}

function kept(captures: number): string {
  return captures === 1
    ? 'The cloud keeps a template made of one capture.'
    : `The cloud averaged ${counted(captures, 'capture')} into one template and keeps that.`;
}
