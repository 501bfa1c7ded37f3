import { useRef, useState } from 'react';
import { MAX_CAPTURES } from '../../client/messages.js';
import type { Account, Picture } from '../../client/types.js';
import { addEnglish } from '../language.js';
import type { LoginAction } from '../pages/DemoLogin.js';
import { copyOf } from '../pictures.js';
import { texts } from '../texts/en-account.js';
import { useCheckedFor } from '../useCheckedFor.js';
import { useKeepFocus } from '../useKeepFocus.js';
import { Button } from './Button.js';
import { ConfirmDialog } from './ConfirmDialog.js';
import { PicturePicker } from './PicturePicker.js';
import { useTexts } from '../useTexts.js';

addEnglish(texts);

/** Pictures the camera takes for one template. */
const SHOTS = 3;

/** Before what cannot be undone. */
interface Question {
  readonly title: string;
  readonly warning: string;
  readonly yes: string;
  readonly act: () => void;
}

/** What is behind the login: devices, face, codes, and what was done with the account. */
export function AccountCard({ account, action }: { account: Account; action: LoginAction }) {
  const { t, day, moment } = useTexts();
  const [pictures, setPictures] = useState<readonly Picture[] | null>(null);
  const [asked, setAsked] = useState<Question | null>(null);
  const unavailable = !action.ready;
  const face = useRef<HTMLHeadingElement>(null);
  useKeepFocus(face, pictures);

  const check = useCheckedFor(action.challenge);
  const renew = (chosen: readonly Picture[]) =>
    action.run(t('account.sending'), 'account.renewed', async (login) => {
      const copies = await Promise.all(chosen.map(copyOf));
      await login.renewTemplate(copies, action.showWords, check.offerFor(chosen));
      setPictures(null);
    });

  return (
    <>
      <p>{account.by === 'face' ? t('account.byFace') : t('account.byCode')} </p>
      <div className="desk">
        <section className="card form" aria-labelledby="devices">
          <h2 id="devices">{t('account.devices')}</h2>
          <ul className="rows">
            {account.devices.map(({ id, createdAt, usedAt }, i) => (
              <li key={id}>
                <div>{t('account.device', { number: i + 1, since: day(createdAt), used: day(usedAt) })}</div>
                <Button
                  kind="danger"
                  icon="forget"
                  label={t('account.revokeNumber', { number: i + 1 })}
                  unavailable={unavailable}
                  onPress={() =>
                    setAsked({
                      title: t('account.askRevoke', { number: i + 1 }),
                      warning: t('account.revokeWarning'),
                      yes: t('account.revoke'),
                      act: () =>
                        action.run(t('account.revoking'), 'account.revoked', (login) => login.removeDevice(id)),
                    })
                  }
                >
                  {t('account.revoke')}
                </Button>
              </li>
            ))}
          </ul>
          <Button
            unavailable={unavailable}
            onPress={() => action.run(t('login.making'), 'account.added', (login) => login.addDevice(account.name))}
          >
            {t('account.add')}
          </Button>
          <h2>{t('account.sessions')}</h2>
          <ul className="rows">
            {account.sessions.map(({ id, by, begunAt, current }, i) => (
              <li key={id}>
                <div>
                  {t(by === 'face' ? 'account.sessionFace' : 'account.sessionCode', { time: moment(begunAt) })}{' '}
                  {current && t('account.here')}
                </div>
                {!current && (
                  <Button
                    kind="danger"
                    label={t('account.logOutNumber', { number: i + 1 })}
                    unavailable={unavailable}
                    onPress={() =>
                      action.run(t('account.loggingOutThere'), 'account.loggedOutThere', (login) =>
                        login.removeSession(id),
                      )
                    }
                  >
                    {t('account.logOutThere')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
        <section className="card form" aria-labelledby="face">
          <h2 id="face" ref={face} tabIndex={-1}>
            {t('account.face')}
          </h2>
          <p>{account.hasTemplate ? t('account.hasTemplate') : t('account.noTemplate')}</p>
          {pictures === null ? (
            <Button icon="retry" unavailable={unavailable} onPress={() => setPictures([])}>
              {t('account.renew')}
            </Button>
          ) : (
            <PicturePicker
              pictures={pictures}
              onPictures={setPictures}
              most={MAX_CAPTURES}
              shots={SHOTS}
              automatic
              takeLabel={t('pictures.takeOne')}
              challenger={check.challenger}
            />
          )}
          {pictures !== null && pictures.length > 0 && (
            <Button kind="primary" icon="enrol" unavailable={unavailable} onPress={() => renew(pictures)}>
              {t('account.use')}
            </Button>
          )}
          {account.hasTemplate && (
            <Button
              kind="danger"
              icon="forget"
              unavailable={unavailable}
              onPress={() =>
                setAsked({
                  title: t('account.askDelete'),
                  warning: t('account.deleteWarning'),
                  yes: t('account.doRemove'),
                  act: () => action.run(t('account.deleting'), 'account.deleted', (login) => login.removeTemplate()),
                })
              }
            >
              {t('account.deleteTemplate')}
            </Button>
          )}
          <h2>{t('login.codes')}</h2>
          <p>
            {t('account.codesLeft', { count: account.codesLeft })} {account.codesShort && t('account.codesShort')}
          </p>
          <Button
            unavailable={unavailable}
            onPress={() =>
              setAsked({
                title: t('account.askCodes'),
                warning: t('account.codesWarning'),
                yes: t('account.doCodes'),
                act: () =>
                  action.run(t('account.makingCodes'), 'account.madeCodes', async (login) =>
                    action.showCodes(await login.renewCodes()),
                  ),
              })
            }
          >
            {t('account.newCodes')}
          </Button>
        </section>
      </div>
      <section className="card form" aria-labelledby="trail">
        <h2 id="trail">{t('account.trail')}</h2>
        <ol className="trail">
          {account.trail.toReversed().map(({ at, action: what, outcome }) => (
            <li key={at + what}>
              <time dateTime={at}>{moment(at)}</time>{' '}
              <code lang="en">
                {what}: {outcome.replace('_', ' ')}
              </code>
            </li>
          ))}
        </ol>
      </section>
      <div className="row">
        <Button
          unavailable={unavailable}
          onPress={() => action.run(t('account.loggingOut'), 'account.loggedOut', (login) => login.logOut())}
        >
          {t('account.logOut')}
        </Button>
        <Button
          kind="danger"
          icon="forget"
          unavailable={unavailable}
          onPress={() =>
            setAsked({
              title: t('account.askRemove'),
              warning: t('account.warning'),
              yes: t('account.doRemove'),
              act: () => action.run(t('account.removing'), 'account.removed', (login) => login.removeAccount()),
            })
          }
        >
          {t('account.remove')}
        </Button>
      </div>
      {asked !== null && (
        <ConfirmDialog
          title={asked.title}
          confirmLabel={asked.yes}
          onConfirm={() => {
            setAsked(null);
            asked.act();
          }}
          onCancel={() => setAsked(null)}
        >
          {asked.warning}
        </ConfirmDialog>
      )}
    </>
  );
}
