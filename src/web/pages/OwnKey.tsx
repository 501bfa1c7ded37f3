import { useId, useState } from 'react';
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
    text: 'Faces are covered with fresh noise again. With the key’s words you can have it back.',
  },
};

/** Where a person makes a key of his own, has it back from its words, or takes it away. */
export function OwnKey() {
  const action = useAction();
  const fingerprint = useOwnKey();
  const id = useId();
  const [words, setWords] = useState('');
  const [asked, setAsked] = useState<'new' | 'remove' | null>(null);
  const outcome = action.outcome;

  const make = () => action.run((session) => session.makeOwnKey());
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
        'The key is made on this device and kept by this browser, which lets no page read it. It is never sent.',
        'What describes your face is turned by it, differently for every service. A stolen database then links you with nothing.',
        'It is for being verified by name. Identification keeps using noise, because to search a cloud must compare you with others.',
      ]}
    >
      {fingerprint === null ? (
        <Button kind="primary" icon="lock" unavailable={!action.ready} onPress={make}>
          Make a key
        </Button>
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
          <Button icon="lock" unavailable={!action.ready} onPress={() => setAsked('new')}>
            Change to a new key
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
          title={asked === 'new' ? 'Change to a new key?' : 'Remove the key?'}
          confirmLabel={asked === 'new' ? 'Change' : 'Remove'}
          onConfirm={() => {
            setAsked(null);
            if (asked === 'new') make();
            else action.run((session) => session.removeOwnKey());
          }}
          onCancel={() => setAsked(null)}
        >
          {asked === 'new'
            ? 'Templates under the old key never match again: forget them and enrol anew. Without its words the old key is lost.'
            : 'Without its 24 words it is lost, and with it every template under it.'}
        </ConfirmDialog>
      )}
    </ActionPage>
  );
}
