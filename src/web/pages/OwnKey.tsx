import { useId, useState } from 'react';
import type { KeyCarrier } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import type { Words } from '../parts/Answer.js';
import { Button } from '../parts/Button.js';
import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { KeyWords } from '../parts/KeyWords.js';
import { useAction, useOwnKey } from '../useSession.js';

const DONE: Readonly<Record<string, Words>> = {
  'own key made': {
    sign: 'yes',
    title: 'Your key is made',
    text: 'Write down its words. From now on you enrol and verify under it; a face enrolled before has to be enrolled again.',
  },
  'own key restored': {
    sign: 'yes',
    title: 'Your key is back',
    text: 'What you enrolled under it can be verified from this browser.',
  },
  'own key removed': {
    sign: 'yes',
    title: 'The key is gone from this browser',
    text: 'Faces are covered with fresh noise again. By the key’s words or its passkey you can have it back.',
  },
};

/** Where a person makes a key of his own, has it back from its words, or takes it away. */
export function OwnKey() {
  const action = useAction();
  const fingerprint = useOwnKey();
  const id = useId();
  const [words, setWords] = useState('');
  const [asked, setAsked] = useState<KeyCarrier | 'remove' | null>(null);
  const outcome = action.outcome;

  const make = (by: KeyCarrier) => action.run((session) => session.makeOwnKey(by));
  const restore = () => {
    setWords('');
    action.run((session) => session.restoreOwnKey(words));
  };

  return (
    <ActionPage
      title="Your own key"
      lead="Noise can be learnt; a secret cannot. Under a key of your own, what is sent says nothing of your face to anybody who does not have it."
      action={action}
      words={outcome === null ? null : (DONE[outcome.kind] ?? null)}
      steps={[
        'The key is made on this device and kept by this browser, which lets no page read it. It is never sent. A passkey brings it to your other devices; its words do so without one.',
        'What describes your face is turned by it, differently for every service. A stolen database then links you with nothing.',
        'It is for being verified by name. Identification keeps using noise, because to search a cloud must compare you with others.',
      ]}
    >
      {fingerprint === null ? (
        <>
          <Button kind="primary" icon="lock" unavailable={!action.ready} onPress={() => make('passkey')}>
            Make a key with a passkey
          </Button>
          <Button icon="lock" unavailable={!action.ready} onPress={() => make('words')}>
            Make a key with words alone
          </Button>
          <h2>A key you have</h2>
          <Button
            icon="lock"
            unavailable={!action.ready}
            onPress={() => action.run((session) => session.recallOwnKey())}
          >
            Take it from its passkey
          </Button>
        </>
      ) : (
        <>
          <h2>The key of this browser</h2>
          <dl className="key-facts">
            <dt>Fingerprint</dt>
            <dd>
              <code>{fingerprint}</code>
            </dd>
          </dl>
          {outcome?.kind === 'own key made' && <KeyWords words={outcome.words} />}
          <Button icon="lock" unavailable={!action.ready} onPress={() => setAsked('passkey')}>
            Change to a new key with a passkey
          </Button>
          <Button icon="lock" unavailable={!action.ready} onPress={() => setAsked('words')}>
            Change to a new key with words alone
          </Button>
          <Button icon="forget" unavailable={!action.ready} onPress={() => setAsked('remove')}>
            Remove from this browser
          </Button>
        </>
      )}
      <div className="field">
        <label htmlFor={`${id}-words`}>The 24 words of a key you have</label>
        <textarea
          id={`${id}-words`}
          rows={3}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={words}
          aria-invalid={action.error === 'words_invalid' || undefined}
          onChange={(event) => {
            setWords(event.target.value);
            action.clear();
          }}
        />
      </div>
      <Button icon="lock" unavailable={!action.ready || words.trim() === ''} onPress={restore}>
        Use these words
      </Button>
      {asked !== null && (
        <ConfirmDialog
          title={asked === 'remove' ? 'Remove the key?' : 'Change to a new key?'}
          confirmLabel={asked === 'remove' ? 'Remove' : 'Change'}
          onConfirm={() => {
            setAsked(null);
            if (asked === 'remove') action.run((session) => session.removeOwnKey());
            else make(asked);
          }}
          onCancel={() => setAsked(null)}
        >
          {asked === 'remove'
            ? 'Without its words or its passkey it is lost, and with it every template under it.'
            : 'Templates under the old key never match again: forget them and enrol anew. Without its words or its passkey the old key is lost.'}
        </ConfirmDialog>
      )}
    </ActionPage>
  );
}
