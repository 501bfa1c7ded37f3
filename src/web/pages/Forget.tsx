import { useState } from 'react';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { NameField } from '../parts/NameField.js';
import { OnePicture } from '../parts/OnePicture.js';
import { copyOf } from '../pictures.js';
import { useAction, useSession } from '../useSession.js';

/** Whom to forget, and the picture that proves it where no receipt does. */
interface Request {
  readonly name: string;
  readonly picture?: Picture;
}

export function Forget() {
  const session = useSession();
  const action = useAction();
  const [name, setName] = useState('');
  const [asked, setAsked] = useState<Request | null>(null);
  const outcome = action.outcome?.kind === 'forgotten' ? action.outcome : null;
  const known = session.enrolledHere();

  const forget = ({ name, picture }: Request) => {
    setAsked(null);
    action.run(async (session) => session.forget(name, picture && (await copyOf(picture))));
  };

  return (
    <ActionPage
      title="Forget me"
      lead="Deletes every trace of a name: the template in the cloud, and the receipt in this browser."
      action={action}
      words={
        outcome && {
          sign: 'yes',
          title: `${outcome.subject} is forgotten`,
          text: 'The template is deleted, and so is the receipt. Nothing is left to match.',
        }
      }
      steps={[
        'A receipt this browser kept, or your own face, shows that you may.',
        'The cloud deletes the template and everything stored with it.',
        'The name is free again.',
      ]}
    >
      <section aria-labelledby="enrolled-here">
        <h2 id="enrolled-here">Enrolled in this browser</h2>
        {known.length === 0 ? (
          <p className="empty">Nobody, or already forgotten.</p>
        ) : (
          <ul className="names">
            {known.map((name) => (
              <li key={name}>
                <span>{name}</span>
                <Button
                  kind="danger"
                  icon="forget"
                  label={`Forget ${name}`}
                  unavailable={!action.ready}
                  onPress={() => setAsked({ name })}
                >
                  Forget
                </Button>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="elsewhere" aria-labelledby="enrolled-elsewhere">
        <h2 id="enrolled-elsewhere">Enrolled in another browser?</h2>
        <p>Then your face is the proof: only who matches the template may delete it.</p>
        <NameField
          label="Name to forget"
          value={name}
          onChange={(next) => {
            setName(next);
            action.clear();
          }}
          invalid={action.error === 'subject_invalid'}
        />
        <OnePicture
          action={action}
          takeLabel="Take picture"
          kind="danger"
          icon="forget"
          label="Forget this name"
          onAct={(picture) => setAsked({ name: name.trim(), picture })}
        />
      </section>
      {asked && (
        <ConfirmDialog
          title={`Forget ${asked.name || 'this name'}?`}
          confirmLabel="Forget"
          onConfirm={() => forget(asked)}
          onCancel={() => setAsked(null)}
        >
          The template is deleted in the cloud at once. This cannot be undone; you can enrol again.
        </ConfirmDialog>
      )}
    </ActionPage>
  );
}
