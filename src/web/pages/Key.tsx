import { useId, useState } from 'react';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { useAction, useKey } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** Where a person opens the key of a network that was trained under it. Key and passphrase never leave the page. */
export function Key() {
  const { t } = useTexts();
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
          <div className="field">
            <label htmlFor={`${id}-file`}>{t('key.file')}</label>
            <p className="field-hint" id={`${id}-hint`}>
              {t('key.fileHint')}
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
            <label htmlFor={`${id}-passphrase`}>{t('key.passphrase')}</label>
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
