import { useRef, useState } from 'react';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { NameField } from '../parts/NameField.js';
import { OnePicture } from '../parts/OnePicture.js';
import { Switch } from '../parts/Switch.js';
import { copyOf } from '../pictures.js';
import { useAction, useOwnKey, useSession, useUnderKey } from '../useSession.js';

export function Verify() {
  const session = useSession();
  const action = useAction();
  const underKey = useUnderKey();
  const ownKey = useOwnKey();
  const [name, setName] = useState(() => session.enrolledHere().at(-1) ?? '');
  const outcome = action.outcome?.kind === 'verified' ? action.outcome : null;

  const [live, setLive] = useState(false);
  /** What the camera's picture is to be sent for, once. */
  const challenge = useRef<string>(undefined);

  const verify = (picture: Picture) =>
    action.run(async (session) => {
      const checkedFor = picture instanceof Blob ? undefined : challenge.current;
      challenge.current = undefined;
      await session.verify(name.trim(), await copyOf(picture), checkedFor);
    });

  return (
    <ActionPage
      title="Verify"
      lead="Are you who you say you are? One name, one face, one answer."
      action={action}
      words={
        outcome &&
        (outcome.match
          ? {
              sign: 'yes',
              title: `Yes, this is ${outcome.subject}`,
              text: 'The face matches the template enrolled under this name.',
            }
          : {
              sign: 'no',
              title: `No match for ${outcome.subject}`,
              text: `The face does not match, or nobody is enrolled under this name. The cloud answers both alike.${
                ownKey === null
                  ? ''
                  : ' Who was enrolled under another key than this browser’s, or under noise, never matches: bring that key back, or enrol again.'
              }`,
            })
      }
      steps={[
        live
          ? 'You are asked for three small movements. Then one picture is taken by itself, and the camera is let go.'
          : 'One picture is taken when you press the button, and the camera is let go.',
        `Its features leave your device under ${underKey ? 'your key' : 'fresh noise'}, bound to a challenge that is good for one answer.`,
        'The cloud says yes or no. It never says how close it was.',
      ]}
      receipt={outcome?.receipt}
    >
      <NameField
        label="Name to verify"
        value={name}
        onChange={(next) => {
          setName(next);
          action.clear();
        }}
        invalid={action.error === 'subject_invalid'}
        known={session.enrolledHere()}
      />
      <Switch
        label="Check that somebody is there"
        hint="The camera asks for three small movements before it takes the picture."
        on={live}
        onChange={setLive}
      />
      <OnePicture
        action={action}
        takeLabel="Verify me"
        atOnce
        challenger={
          live
            ? async () => {
                challenge.current = await session.challenge();
                return challenge.current;
              }
            : undefined
        }
        kind="primary"
        icon="verify"
        label={outcome ? 'Verify again' : 'Verify'}
        onAct={verify}
      />
    </ActionPage>
  );
}
