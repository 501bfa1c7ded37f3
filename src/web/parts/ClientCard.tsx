import type { Account, Client } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { Button } from './Button.js';

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
  return (
    <section className="card form" aria-label={client}>
      <p>
        {client} asks who you are, and is told how you logged in and your name.{' '}
        {faceOnly && 'No recovery code will do.'}
      </p>
      <div className="row">
        {account && (
          <Button
            kind="primary"
            unavailable={!action.ready}
            onPress={() => action.run(`Going on to ${client}.`, action.goOn)}
          >
            Go on to {client} as {account.name}
          </Button>
        )}
        <Button unavailable={!action.ready} onPress={() => action.run(`Going back to ${client}.`, action.goBack)}>
          Go back without logging in
        </Button>
      </div>
    </section>
  );
}
