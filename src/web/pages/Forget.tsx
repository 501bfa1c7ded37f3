import { useState } from 'react';
import type { Picture } from '../../client/types.js';
import { ActionPage } from '../parts/ActionPage.js';
import { Button } from '../parts/Button.js';
import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { NameField } from '../parts/NameField.js';
import { OnePicture } from '../parts/OnePicture.js';
import { copyOf } from '../pictures.js';
import { useAction, useSession } from '../useSession.js';
import { useTexts } from '../useTexts.js';

/** Whom to forget, and the picture that proves it where no receipt does. */
interface Request {
  readonly name: string;
  readonly picture?: Picture;
}

export function Forget() {
  const { t } = useTexts();
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
      title={t('forget.title')}
      lead={t('forget.lead')}
      action={action}
      words={
        outcome && {
          sign: 'yes',
          title: t('forget.done', { subject: outcome.subject }),
          text: t('forget.doneText'),
        }
      }
      steps={[t('forget.step1'), t('forget.step2'), t('forget.step3')]}
    >
      <section aria-labelledby="enrolled-here">
        <h2 id="enrolled-here">{t('forget.here')}</h2>
        {known.length === 0 ? (
          <p className="empty">{t('forget.nobody')}</p>
        ) : (
          <ul className="names">
            {known.map((name) => (
              <li key={name}>
                <span>{name}</span>
                <Button
                  kind="danger"
                  icon="forget"
                  label={t('forget.one', { name })}
                  unavailable={!action.ready}
                  onPress={() => setAsked({ name })}
                >
                  {t('forget.act')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="elsewhere" aria-labelledby="enrolled-elsewhere">
        <h2 id="enrolled-elsewhere">{t('forget.elsewhere')}</h2>
        <p>{t('forget.elsewhereText')}</p>
        <NameField
          label={t('forget.name')}
          value={name}
          onChange={(next) => {
            setName(next);
            action.clear();
          }}
          invalid={action.error === 'subject_invalid'}
        />
        <OnePicture
          action={action}
          takeLabel={t('pictures.take')}
          kind="danger"
          icon="forget"
          label={t('forget.thisName')}
          onAct={(picture) => setAsked({ name: name.trim(), picture })}
        />
      </section>
      {asked && (
        <ConfirmDialog
          title={asked.name === '' ? t('forget.askThis') : t('forget.ask', { name: asked.name })}
          confirmLabel={t('forget.act')}
          onConfirm={() => forget(asked)}
          onCancel={() => setAsked(null)}
        >
          {t('forget.warning')}
        </ConfirmDialog>
      )}
    </ActionPage>
  );
}
