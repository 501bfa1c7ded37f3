import { useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { Account, Picture } from '../../client/types.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { copyOf } from '../pictures.js';
import { Button } from './Button.js';
import { ConfirmDialog } from './ConfirmDialog.js';
import { PicturePicker } from './PicturePicker.js';

/** Pictures the camera takes for one template. */
const SHOTS = 3;

/** What is behind the login: devices, face, codes, and what was done with the account. */
export function AccountCard({ account, action }: { account: Account; action: LoginAction }) {
  const [pictures, setPictures] = useState<readonly Picture[] | null>(null);
  const [leaving, setLeaving] = useState(false);
  const unavailable = !action.ready;

  const renew = (chosen: readonly Picture[]) =>
    action.run('Your face is sent.', async (login) => {
      action.showWords(await login.renewTemplate(await Promise.all(chosen.map(copyOf))));
      setPictures(null);
    });

  return (
    <>
      <p>
        You came in with {account.by === 'face' ? 'passkey and face' : 'a recovery code'}. This page is what the login
        protects.
      </p>
      <div className="desk">
        <section className="card form" aria-labelledby="devices">
          <h2 id="devices">Devices</h2>
          <ul className="enrolled">
            {account.devices.map(({ id, createdAt, usedAt }, i) => (
              <li key={id}>
                <span>
                  Device {i + 1}, since {dayOf(createdAt)}, last used {dayOf(usedAt)}
                </span>
                <Button
                  kind="danger"
                  icon="forget"
                  label={`Revoke device ${i + 1}`}
                  unavailable={unavailable}
                  onPress={() => action.run('The device is revoked.', (login) => login.removeDevice(id))}
                >
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
          <Button
            unavailable={unavailable}
            onPress={() =>
              action.run('Your device is asked to make a passkey.', (login) => login.addDevice(account.name))
            }
          >
            Add a device
          </Button>
          <h2>Where you are logged in</h2>
          <ul className="enrolled">
            {account.sessions.map(({ id, by, begunAt, current }, i) => (
              <li key={id}>
                <span>
                  Since {begunAt.slice(11, 16)} UTC, by {by === 'face' ? 'passkey and face' : 'a recovery code'}
                  {current && ' (here)'}
                </span>
                {!current && (
                  <Button
                    kind="danger"
                    label={`Log out there, login ${i + 1}`}
                    unavailable={unavailable}
                    onPress={() => action.run('It is logged out there.', (login) => login.removeSession(id))}
                  >
                    Log out there
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
        <section className="card form" aria-labelledby="face">
          <h2 id="face">Face</h2>
          <p>
            {account.hasTemplate ? 'A template of your face is kept.' : 'No template is kept: only codes log you in.'}
          </p>
          {pictures === null ? (
            <Button icon="retry" unavailable={unavailable} onPress={() => setPictures([])}>
              Renew the template
            </Button>
          ) : (
            <PicturePicker
              pictures={pictures}
              onPictures={setPictures}
              most={MAX_CAPTURES}
              shots={SHOTS}
              automatic
              takeLabel="Take one now"
            />
          )}
          {pictures !== null && pictures.length > 0 && (
            <Button kind="primary" icon="enrol" unavailable={unavailable} onPress={() => renew(pictures)}>
              Use this face
            </Button>
          )}
          {account.hasTemplate && (
            <Button
              kind="danger"
              icon="forget"
              unavailable={unavailable}
              onPress={() => action.run('The template is deleted.', (login) => login.removeTemplate())}
            >
              Delete the template
            </Button>
          )}
          <h2>Recovery codes</h2>
          <p>
            {account.codesLeft} of ten are left.{' '}
            {account.codesShort && 'They are of an older, shorter kind: make new ones, which are harder to guess.'}
          </p>
          <Button
            unavailable={unavailable}
            onPress={() =>
              action.run('New codes are made.', async (login) => action.showCodes(await login.renewCodes()))
            }
          >
            Make new codes
          </Button>
        </section>
      </div>
      <section className="card" aria-labelledby="trail">
        <h2 id="trail">What was done with this account</h2>
        <ol className="trail">
          {account.trail.toReversed().map(({ at, action: what, outcome }) => (
            <li key={at + what}>
              <time dateTime={at}>{at.replace('T', ' ').slice(0, 19)}</time> {what}: {outcome.replace('_', ' ')}
            </li>
          ))}
        </ol>
      </section>
      <div className="row">
        <Button unavailable={unavailable} onPress={() => action.run('Logging out.', (login) => login.logOut())}>
          Log out
        </Button>
        <Button kind="danger" icon="forget" unavailable={unavailable} onPress={() => setLeaving(true)}>
          Delete this account
        </Button>
      </div>
      {leaving && (
        <ConfirmDialog
          title="Delete this account?"
          confirmLabel="Delete"
          onConfirm={() => action.run('The account is deleted.', (login) => login.removeAccount())}
          onCancel={() => setLeaving(false)}
        >
          Devices, template and codes are deleted at once. This cannot be undone.
        </ConfirmDialog>
      )}
    </>
  );
}

function dayOf(date: string): string {
  return date.slice(0, 10);
}
