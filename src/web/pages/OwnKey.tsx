import { useEffect, useState } from 'react';
import type { KeyCarrier } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { TextAreaField } from '../parts/TextAreaField.js';
import { WriteDown } from '../parts/WriteDown.js';
import { useAction, useOwnKey } from '../useSession.js';
import { showOnce } from '../useShownOnce.js';
import { useTexts } from '../useTexts.js';

const DONE = {
  'own key made': 'made',
  'own key restored': 'restored',
  'own key removed': 'removed',
} as const;

/** Where a person makes a key of his own, has it back from its words, or takes it away. */
export function OwnKey() {
  const { t } = useTexts();
  const action = useAction();
  const fingerprint = useOwnKey();
  const [words, setWords] = useState('');
  const [asked, setAsked] = useState<KeyCarrier | 'restore' | 'remove' | null>(null);
  const outcome = action.outcome;
  const done = outcome !== null && outcome.kind in DONE ? DONE[outcome.kind as keyof typeof DONE] : null;

  useEffect(() => {
    if (outcome?.kind === 'own key made') showOnce({ words: outcome.words });
    if (outcome?.kind === 'own key restored' || outcome?.kind === 'own key removed') showOnce({ words: [] });
  }, [outcome]);

  const make = (by: KeyCarrier) => action.run((session) => session.makeOwnKey(by));
  const restore = () =>
    action.run(async (session) => {
      await session.restoreOwnKey(words);
      const state = session.getState();
      // Who mistyped one of them mends that one.
      if (state.status === 'ready' && state.error === null) setWords('');
    });

  return (
    <ActionPage
      title={t('ownKey.title')}
      lead={t('ownKey.lead')}
      action={action}
      words={done && { sign: 'yes', title: t(`ownKey.${done}`), text: t(`ownKey.${done}Text`) }}
      steps={[t('ownKey.step1'), t('ownKey.step2'), t('ownKey.step3')]}
    >
      {fingerprint === null ? (
        <>
          <Button kind="primary" icon="lock" unavailable={!action.ready} onPress={() => make('passkey')}>
            {t('ownKey.makePasskey')}
          </Button>
          <Button icon="lock" unavailable={!action.ready} onPress={() => make('words')}>
            {t('ownKey.makeWords')}
          </Button>
          <h2>{t('ownKey.have')}</h2>
          <Button
            icon="lock"
            unavailable={!action.ready}
            onPress={() => action.run((session) => session.recallOwnKey())}
          >
            {t('ownKey.recall')}
          </Button>
        </>
      ) : (
        <>
          <h2>{t('ownKey.here')}</h2>
          <dl className="key-facts">
            <dt>{t('ownKey.fingerprint')}</dt>
            <dd>
              <code>{fingerprint}</code>
            </dd>
          </dl>
          <WriteDown />
          <Button icon="lock" unavailable={!action.ready} onPress={() => setAsked('passkey')}>
            {t('ownKey.changePasskey')}
          </Button>
          <Button icon="lock" unavailable={!action.ready} onPress={() => setAsked('words')}>
            {t('ownKey.changeWords')}
          </Button>
          <Button icon="forget" unavailable={!action.ready} onPress={() => setAsked('remove')}>
            {t('ownKey.remove')}
          </Button>
        </>
      )}
      <TextAreaField
        label={t('ownKey.words')}
        rows={3}
        value={words}
        invalid={action.error === 'words_invalid'}
        onChange={(next) => {
          setWords(next);
          action.clear();
        }}
      />
      <Button
        icon="lock"
        unavailable={!action.ready || words.trim() === ''}
        onPress={() => (fingerprint === null ? restore() : setAsked('restore'))}
      >
        {t('ownKey.use')}
      </Button>
      {asked !== null && (
        <ConfirmDialog
          title={asked === 'remove' ? t('ownKey.askRemove') : t('ownKey.askChange')}
          confirmLabel={asked === 'remove' ? t('ownKey.doRemove') : t('ownKey.doChange')}
          onConfirm={() => {
            setAsked(null);
            if (asked === 'remove') action.run((session) => session.removeOwnKey());
            else if (asked === 'restore') restore();
            else make(asked);
          }}
          onCancel={() => setAsked(null)}
        >
          {asked === 'remove' ? t('ownKey.removeWarning') : t('ownKey.changeWarning')}
        </ConfirmDialog>
      )}
    </ActionPage>
  );
}
