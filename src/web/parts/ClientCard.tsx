import type { Account, Client } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';

/** For who was sent here by another site to log in: back there, with the login or without. */
export function ClientCard({
  client: { client, faceOnly },
  account,
  action,
}: {
  client: Client;
  account: Account | null;
  action: LoginAction;
}) {
  const { t } = useTexts();
  return (
    <section className="card form" aria-label={client}>
      <p>{t(faceOnly ? 'login.asksFace' : 'login.asks', { client })} </p>
      <div className="row">
        {account && (
          <Button
            kind="primary"
            unavailable={!action.ready}
            onPress={() => action.run(t('login.goingOn', { client }), null, action.goOn)}
          >
            {t('login.goOn', { client, name: account.name })}
          </Button>
        )}
        <Button
          unavailable={!action.ready}
          onPress={() => action.run(t('login.goingBack', { client }), null, action.goBack)}
        >
          {t('login.goBack')}
        </Button>
      </div>
    </section>
  );
}
