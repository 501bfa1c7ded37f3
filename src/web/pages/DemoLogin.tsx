import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Trans } from 'react-i18next';
import { connectLogin, type Login } from '../../client/login.js';
import { isErrorCode, PictureError, XnnError, type ErrorCode } from '../../client/messages.js';
import type { Account, Client, LoginChallenge } from '../../client/types.js';
import { AccountCard } from '../parts/AccountCard.js';
import { ClientCard } from '../parts/ClientCard.js';
import { Link } from '../parts/Link.js';
import { LoginForms } from '../parts/LoginForms.js';
import { WriteDown } from '../parts/WriteDown.js';
import { useKeepFocus } from '../useKeepFocus.js';
import { useSession, useSessionState } from '../useSession.js';
import { showOnce, useShownOnce } from '../useShownOnce.js';
import { useTexts } from '../useTexts.js';

/** What was done. */
type Done =
  | 'account.loggedIn'
  | 'account.loggedOut'
  | 'account.added'
  | 'account.revoked'
  | 'account.loggedOutThere'
  | 'account.renewed'
  | 'account.deleted'
  | 'account.madeCodes'
  | 'account.removed';

/** What the forms may do, one at a time. */
export interface LoginAction {
  readonly ready: boolean;
  /**
   * Runs something of the login; says what is being done, then what was done or what it threw. What is shown of the account is read again.
   */
  run(doing: string, done: Done | null, perform: (login: Login) => Promise<void>): void;
  /** Why the last did not succeed; null if nothing went wrong. */
  readonly error: ErrorCode | null;
  /** Says why something cannot be begun. */
  readonly refuse: (error: ErrorCode) => void;
  /** What a liveness check is bound to. */
  readonly challenge: () => Promise<LoginChallenge>;
  readonly showCodes: (codes: readonly string[]) => void;
  /** Those of an own key that was made on the way, until they are kept. */
  readonly showWords: (words: readonly string[]) => void;
  /** With a login, back to the site that sent one here for it; nowhere if none did. */
  readonly goOn: (login: Login) => Promise<void>;
  /** The same without a login. */
  readonly goBack: (login: Login) => Promise<void>;
}

/** The login of another site that one was sent here for: who fetches his key on its page comes back to it. */
let sentFor: string | null = null;

/** Log in with a passkey and a face, and what is behind that. */
export function DemoLogin() {
  const { t, sentenceOf } = useTexts();
  const session = useSession();
  const login = useMemo(() => connectLogin(session), [session]);
  const ready = useSessionState().status === 'ready';
  /** Undefined until the server was asked; null without a session. */
  const [account, setAccount] = useState<Account | null>();
  const [interaction] = useState(() => (sentFor = new URLSearchParams(location.search).get('interaction') ?? sentFor));
  /** The site that sent one here to log in. */
  const [client, setClient] = useState<Client | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [error, setError] = useState<ErrorCode | null>(null);
  /** Which of several pictures it is of. */
  const [wrong, setWrong] = useState<number | null>(null);
  const { words } = useShownOnce();
  const shown = useRef(true);
  const status = useRef<HTMLDivElement>(null);

  const look = useCallback(async () => {
    const found = await login.account().catch((cause: unknown) => {
      setError(codeOf(cause));
      return undefined;
    });
    // Who could not be asked has not logged anybody out.
    if (shown.current) setAccount((known) => (found === undefined ? (known ?? null) : found));
    // Who leaves an account leaves its codes to nobody.
    if (found === null) showOnce({ codes: [] });
  }, [login]);

  useEffect(() => {
    shown.current = true;
    void look();
    if (interaction !== null)
      login.client(interaction).then(setClient, (cause: unknown) => {
        sentFor = null;
        setError(codeOf(cause));
      });
    return () => {
      shown.current = false;
    };
  }, [look, login, interaction]);

  const action: LoginAction = {
    ready: ready && busy === null,
    error,
    refuse(code) {
      setDone(null);
      setError(code);
      setWrong(null);
    },
    challenge: () => login.challenge(),
    showCodes: (codes) => showOnce({ codes }),
    showWords: (words) => showOnce({ words }),
    async goOn(login) {
      if (interaction !== null) location.assign(await login.accept(interaction));
    },
    async goBack(login) {
      if (interaction !== null) location.assign(await login.decline(interaction));
    },
    run(doing, done, perform) {
      setBusy(doing);
      setDone(null);
      setError(null);
      setWrong(null);
      void perform(login)
        .then(
          () => setDone(done),
          (cause: unknown) => {
            setError(codeOf(cause));
            setWrong(cause instanceof PictureError ? cause.picture : null);
          },
        )
        .then(look)
        .then(() => setBusy(null));
    },
  };
  useKeepFocus(status, action);

  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>
          {client
            ? t('login.titleFor', { client: client.client })
            : account
              ? t('login.welcome', { name: account.name })
              : t('login.title')}
        </h1>
        <p className="lead">
          <Trans i18nKey="login.lead" components={{ a: <Link to="ownKey" /> }} />{' '}
        </p>
      </div>
      <div ref={status} className="answer" role="status" tabIndex={-1}>
        {busy !== null && <p>{busy}</p>}
        {busy === null && done !== null && <p>{t(done)}</p>}
        {words.length > 0 && <p>{t('login.keyMade')}</p>}
        {error !== null && <p className="trouble">{sentenceOf(error, wrong)}</p>}
        {error === 'own_key_missing' && (
          <p>
            <Trans i18nKey="login.bringBack" components={{ a: <Link to="ownKey" /> }} />{' '}
          </p>
        )}
      </div>
      <div className="stack">
        <WriteDown />
        {client !== null && account !== undefined && <ClientCard client={client} account={account} action={action} />}
        {account === undefined && client === null && error === null && <div className="coming" />}
        {(account === null || client !== null) && <LoginForms action={action} />}
        {account && client === null && <AccountCard account={account} action={action} />}
      </div>
    </>
  );
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof XnnError && isErrorCode(error.code) ? error.code : 'page_failed';
}
