import { useCallback, useEffect, useMemo, useRef, useState, type ComponentType } from 'react';
import { connectAdmin, type Admin as Administration, type Scope } from '../../client/admin.js';
import { sentence, type ErrorCode } from '../../client/messages.js';
import { Audit } from '../parts/admin/Audit.js';
import { Clients } from '../parts/admin/Clients.js';
import { Form } from '../parts/admin/Form.js';
import { Keys } from '../parts/admin/Keys.js';
import { Overview } from '../parts/admin/Overview.js';
import { SecretCard } from '../parts/admin/SecretCard.js';
import { Settings } from '../parts/admin/Settings.js';
import { Subjects } from '../parts/admin/Subjects.js';
import { Tenants } from '../parts/admin/Tenants.js';
import { Webhook } from '../parts/admin/Webhook.js';
import { codeOf, type Desk, type Secret } from '../parts/admin/useDesk.js';
import { Button } from '../parts/Button.js';
import { TextField } from '../parts/TextField.js';
import '../styles/admin.css';

const SECTIONS: readonly { name: string; scope: Scope; Content: ComponentType<{ desk: Desk }> }[] = [
  { name: 'Overview', scope: 'tenant', Content: Overview },
  { name: 'API keys', scope: 'keys', Content: Keys },
  { name: 'Settings', scope: 'settings', Content: Settings },
  { name: 'Subjects', scope: 'subjects', Content: Subjects },
  { name: 'Audit log', scope: 'audit', Content: Audit },
  { name: 'Webhook', scope: 'settings', Content: Webhook },
  { name: 'Tenants', scope: 'tenants', Content: Tenants },
  { name: 'Sites', scope: 'clients', Content: Clients },
];

/** A key that does nothing for so long is forgotten, in ms. */
const IDLE = 15 * 60_000;
/** After these the key is of no more use. */
const OVER: readonly ErrorCode[] = ['credentials_invalid', 'credentials_missing', 'tenant_disabled'];

/**
 * A tenant's administration. Its key is in this page's memory alone, and not in the tab's storage, where it would outlive the page and any
 * script of this origin could read it later: whoever reloads signs in again.
 */
export function Admin() {
  const [admin, setAdmin] = useState<Administration | null>(null);
  const [why, setWhy] = useState<string | null>(null);
  const leave = useCallback((words: string) => {
    setAdmin(null);
    setWhy(words);
  }, []);
  return admin === null ? <SignIn why={why} onAdmin={setAdmin} /> : <AdminDesk admin={admin} onLeave={leave} />;
}

function SignIn({ why, onAdmin }: { why: string | null; onAdmin: (admin: Administration) => void }) {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorCode | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // Who was signed out stands where what he pressed is gone.
  useEffect(() => {
    if (why !== null) heading.current?.focus();
  }, [why]);

  const enter = () => {
    setBusy(true);
    setError(null);
    connectAdmin(key.trim()).then(onAdmin, (cause: unknown) => {
      setError(codeOf(cause));
      setBusy(false);
    });
  };

  return (
    <>
      <div className="page-title">
        <h1 ref={heading} tabIndex={-1}>
          Administration
        </h1>
        <p className="lead">
          Of a tenant, by its API key. “xnn admin key create” makes one; its role says what can be done here.
        </p>
      </div>
      <div className="answer" role="status">
        {error !== null && <p className="trouble">{sentence(error)}</p>}
        {error === null && why !== null && <p>{why}</p>}
      </div>
      <div className="card">
        <Form label="Sign in">
          <TextField
            label="API key"
            hint="It stays in the memory of this page, until you sign out, reload, leave, or do nothing for 15 minutes."
            type="password"
            value={key}
            onChange={setKey}
            invalid={error === 'credentials_invalid'}
          />
          <Button kind="primary" icon="lock" submits unavailable={busy || key.trim() === ''} onPress={enter}>
            Sign in
          </Button>
        </Form>
      </div>
    </>
  );
}

function AdminDesk({ admin, onLeave }: { admin: Administration; onLeave: (words: string) => void }) {
  const [at, setAt] = useState(0);
  /** Counts openings of sections: the same one again is read anew. */
  const [opening, setOpening] = useState(0);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const [error, setError] = useState<ErrorCode | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  /** Counts what was done, for the time in which nothing is. */
  const [deeds, setDeeds] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    const timer = setTimeout(() => onLeave('You were signed out, since nothing was done for 15 minutes.'), IDLE);
    return () => clearTimeout(timer);
  }, [onLeave, deeds]);

  const run = useCallback<Desk['run']>(
    (perform, words) => {
      setBusy(true);
      setDone(null);
      setError(null);
      setDeeds((count) => count + 1);
      perform(admin)
        .then(
          () => setDone(words ?? null),
          (cause: unknown) => {
            const code = codeOf(cause);
            if (OVER.includes(code)) onLeave(sentence(code));
            else setError(code);
          },
        )
        .finally(() => setBusy(false));
    },
    [admin, onLeave],
  );
  const desk = useMemo<Desk>(
    () => ({ admin, busy, run, reveal: setSecret, may: (scope) => admin.scopes.has(scope) }),
    [admin, busy, run],
  );
  const open = SECTIONS.filter(({ scope }) => admin.scopes.has(scope));
  const { Content } = open[at] ?? SECTIONS[0]!;

  return (
    <>
      <div className="page-title">
        <h1 ref={heading} tabIndex={-1}>
          Administration
        </h1>
        <nav className="sections" aria-label="Administration">
          {open.map(({ name }, i) => (
            <button
              key={name}
              type="button"
              className="btn"
              aria-current={i === at || undefined}
              onClick={() => {
                setAt(i);
                setOpening((count) => count + 1);
                setDone(null);
                setError(null);
              }}
            >
              {name}
            </button>
          ))}
          <Button kind="quiet" icon="lock" onPress={() => onLeave('You are signed out.')}>
            Sign out
          </Button>
        </nav>
      </div>
      <div className="answer" role="status">
        {error !== null && <p className="trouble">{sentence(error)}</p>}
        {done !== null && <p>{done}</p>}
      </div>
      {secret !== null && <SecretCard key={secret.value} secret={secret} onKept={() => setSecret(null)} />}
      <div aria-busy={busy || undefined}>
        <Content key={opening} desk={desk} />
      </div>
    </>
  );
}
