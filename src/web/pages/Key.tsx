import { useId, useState } from 'react';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { useAction, useKey } from '../useSession.js';

/** Where a person opens the key of a network that was trained under it. Key and passphrase never leave the page. */
export function Key() {
  const action = useAction();
  const key = useKey();
  const id = useId();
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const outcome = action.outcome;

  const open = () => {
    if (file === null) return;
    setPassphrase('');
    action.run((session) => session.openKey(file, passphrase));
  };

  return (
    <ActionPage
      title="Key of a network"
      lead="Some networks were trained on features under a key. Whoever has it can show a face to them; their cloud cannot read it."
      action={action}
      words={
        outcome?.kind === 'key opened'
          ? {
              sign: 'yes',
              title: 'The key is open',
              text: 'Enrol, verify and identify go to the network that was trained with it, without noise, until you close it or this page.',
            }
          : outcome?.kind === 'key closed'
            ? { sign: 'yes', title: 'The key is closed', text: 'Faces are covered with fresh noise again.' }
            : null
      }
      steps={[
        'Your device decrypts the file with its passphrase. Both stay in this page’s memory, and go with it.',
        'The cloud is asked, by the key’s fingerprint, for a network that was trained with it. A fingerprint tells nothing of the key.',
        'From then on your features leave this page under the key. Give the key to nobody who may see what is sent.',
      ]}
    >
      {key === null ? (
        <>
          <div className="field">
            <label htmlFor={`${id}-file`}>Key file</label>
            <p className="field-hint" id={`${id}-hint`}>
              The one that “xnn keygen” made.
            </p>
            <input
              id={`${id}-file`}
              type="file"
              aria-describedby={`${id}-hint`}
              aria-invalid={action.error === 'key_invalid' || action.error === 'encoder_differs' || undefined}
              onChange={(event) => {
                setFile(event.target.files?.[0] ?? null);
                action.clear();
              }}
            />
          </div>
          <div className="field">
            <label htmlFor={`${id}-passphrase`}>Passphrase</label>
            <input
              id={`${id}-passphrase`}
              type="password"
              autoComplete="off"
              value={passphrase}
              aria-invalid={action.error === 'passphrase_wrong' || undefined}
              onChange={(event) => {
                setPassphrase(event.target.value);
                action.clear();
              }}
            />
          </div>
          <Button
            kind="primary"
            icon="lock"
            unavailable={!action.ready || file === null || passphrase === ''}
            onPress={open}
          >
            Open the key
          </Button>
        </>
      ) : (
        <>
          <h2>The key that is open</h2>
          <dl className="key-facts">
            <dt>Fingerprint</dt>
            <dd>
              <code>{key.fingerprint}</code>
            </dd>
            <dt>Scheme</dt>
            <dd>{key.scheme}</dd>
            <dt>Deployment</dt>
            <dd>
              <code>{key.deployment}</code>
            </dd>
            <dt>Model</dt>
            <dd>
              <code>{key.model}</code>
            </dd>
          </dl>
          <Button icon="lock" unavailable={!action.ready} onPress={() => action.run((session) => session.closeKey())}>
            Close the key
          </Button>
        </>
      )}
    </ActionPage>
  );
}
