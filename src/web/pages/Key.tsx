import { useState } from 'react';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { Field } from '../parts/Field.js';
import { TextField } from '../parts/TextField.js';
import { useAction, useKey } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** Where a person opens the key of a network that was trained under it. Key and passphrase never leave the page. */
export function Key() {
  const { t } = useTexts();
  const action = useAction();
  const key = useKey();
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
      title={t('key.title')}
      lead={t('key.lead')}
      action={action}
      words={
        outcome?.kind === 'key opened'
          ? {
              sign: 'yes',
              title: t('key.opened'),
              text: t('key.openedText'),
            }
          : outcome?.kind === 'key closed'
            ? { sign: 'yes', title: t('key.closed'), text: t('key.closedText') }
            : null
      }
      steps={[t('key.step1'), t('key.step2'), t('key.step3')]}
    >
      {key === null ? (
        <>
          <Field
            label={t('key.file')}
            hint={t('key.fileHint')}
            control={(ties) => (
              <input
                {...ties}
                className="file-input"
                type="file"
                aria-invalid={action.error === 'key_invalid' || action.error === 'encoder_differs' || undefined}
                onChange={(event) => {
                  setFile(event.target.files?.[0] ?? null);
                  action.clear();
                }}
              />
            )}
          />
          <TextField
            label={t('key.passphrase')}
            type="password"
            value={passphrase}
            invalid={action.error === 'passphrase_wrong'}
            onChange={(next) => {
              setPassphrase(next);
              action.clear();
            }}
          />
          <Button
            kind="primary"
            icon="lock"
            submits
            unavailable={!action.ready || file === null || passphrase === ''}
            onPress={open}
          >
            {t('key.open')}
          </Button>
        </>
      ) : (
        <>
          <h2>{t('key.current')}</h2>
          <dl className="key-facts">
            <dt>{t('ownKey.fingerprint')}</dt>
            <dd>
              <code>{key.fingerprint}</code>
            </dd>
            <dt>{t('key.scheme')}</dt>
            <dd>{key.scheme}</dd>
            <dt>{t('key.deployment')}</dt>
            <dd>
              <code>{key.deployment}</code>
            </dd>
            <dt>{t('key.model')}</dt>
            <dd>
              <code>{key.model}</code>
            </dd>
          </dl>
          <Button icon="lock" unavailable={!action.ready} onPress={() => action.run((session) => session.closeKey())}>
            {t('key.close')}
          </Button>
        </>
      )}
    </ActionPage>
  );
}
