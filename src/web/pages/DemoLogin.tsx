import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Trans } from 'react-i18next';
import { connectLogin, type Login } from '../../client/login.js';
import { isErrorCode, XnnError, type ErrorCode } from '../../client/messages.js';
import type { Account, Client, LoginChallenge } from '../../client/types.js';
import { AccountCard } from '../parts/AccountCard.js';
import { ClientCard } from '../parts/ClientCard.js';
import { KeyWords } from '../parts/KeyWords.js';
import { Link } from '../parts/Link.js';
import { LoginForms } from '../parts/LoginForms.js';
import { useKeepFocus } from '../useKeepFocus.js';
import { useSession, useSessionState } from '../useSession.js';
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

/** Log in with a passkey and a face, and what is behind that. */
export function DemoLogin() {
  const { t, sentence } = useTexts();
  const session = useSession();
  const login = useMemo(() => connectLogin(session), [session]);
  const ready = useSessionState().status === 'ready';
  /** Undefined until the server was asked; null without a session. */
  const [account, setAccount] = useState<Account | null>();
  const [interaction] = useState(() => new URLSearchParams(location.search).get('interaction'));
  /** The site that sent one here to log in. */
  const [client, setClient] = useState<Client | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [error, setError] = useState<ErrorCode | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const [words, setWords] = useState<readonly string[] | null>(null);
  const shown = useRef(true);
  const status = useRef<HTMLDivElement>(null);

  const look = useCallback(async () => {
    const found = await login.account().catch((cause: unknown) => {
      setError(codeOf(cause));
      return null;
    });
    if (shown.current) setAccount(found);
  }, [login]);

  useEffect(() => {
    shown.current = true;
    void look();
    if (interaction !== null) login.client(interaction).then(setClient, (cause: unknown) => setError(codeOf(cause)));
    return () => {
      shown.current = false;
    };
  }, [look, login, interaction]);

  const action: LoginAction = {
    ready: ready && busy === null,
    challenge: () => login.challenge(),
    showCodes: setCodes,
    showWords: setWords,
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
      setCodes([]);
      void perform(login)
        .then(
          () => setDone(done),
          (cause: unknown) => setError(codeOf(cause)),
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
        {words !== null && <p>{t('login.keyMade')}</p>}
        {error !== null && <p className="trouble">{sentence(error)}</p>}
        {error === 'own_key_missing' && (
          <p>
            <Trans i18nKey="login.bringBack" components={{ a: <Link to="ownKey" /> }} />{' '}
          </p>
        )}
      </div>
      <div className="stack">
        {codes.length > 0 && (
          <section className="card form" aria-labelledby="codes">
            <h2 id="codes">{t('login.codes')}</h2>
            <p>{t('login.codesText')} </p>
            <ul className="codes">
              {codes.map((code) => (
                <li key={code}>
                  <code>{code}</code>
                </li>
              ))}
            </ul>
          </section>
        )}
        {words !== null && <KeyWords words={words} onKept={() => setWords(null)} />}
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
