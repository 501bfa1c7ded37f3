import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useRef, useState, type ComponentType } from 'react';
import type { Capture, Session } from '../client/types.js';
import { Enrol } from './pages/Enrol.js';
import { Forget } from './pages/Forget.js';
import { Home } from './pages/Home.js';
import { Identify } from './pages/Identify.js';
import { Key } from './pages/Key.js';
import { OwnKey } from './pages/OwnKey.js';
import { Missing } from './pages/Missing.js';
import { Verify } from './pages/Verify.js';
import { Header } from './parts/Header.js';
import { Link } from './parts/Link.js';
import { StartUp } from './parts/StartUp.js';
import type { Page } from './routes.js';
import { AttackedContext } from './useAttacked.js';
import { usePainted } from './usePainted.js';
import { useRoute } from './useRoute.js';
import { SessionContext } from './useSession.js';

/** Brings WebAuthn along, which the other pages do without. */
const DemoLogin = lazy(async () => ({ default: (await import('./pages/DemoLogin.js')).DemoLogin }));

/** For few, who wait for it; others never download it, not even to be kept for offline (vite.config.ts). */
const Admin = lazy(async () => ({ default: (await import('./pages/Admin.js')).Admin }));
/** What few visitors come for. */
const Attack = lazy(async () => ({ default: (await import('./pages/Attack.js')).Attack }));
const Report = lazy(async () => ({ default: (await import('./pages/Report.js')).Report }));

const PAGES: Record<Page, { title: string; Content: ComponentType }> = {
  home: { title: 'XNN-d: face verification that keeps your photo', Content: Home },
  enrol: { title: 'Enrol · XNN-d', Content: Enrol },
  verify: { title: 'Verify · XNN-d', Content: Verify },
  identify: { title: 'Identify · XNN-d', Content: Identify },
  forget: { title: 'Forget me · XNN-d', Content: Forget },
  ownKey: { title: 'Your own key · XNN-d', Content: OwnKey },
  key: { title: 'Key of a network · XNN-d', Content: Key },
  login: { title: 'Log in · XNN-d', Content: DemoLogin },
  admin: { title: 'Administration · XNN-d', Content: Admin },
  attack: { title: 'Attack it yourself · XNN-d', Content: Attack },
  report: { title: 'Attack report · XNN-d', Content: Report },
};

const MISSING = { title: 'Not found · XNN-d', Content: Missing };
/** Until the page itself is drawn. */
const FRAME = { title: 'XNN-d', Content: () => null };

export function App({ session }: { session: Session }) {
  const route = useRoute();
  const [capture, keep] = useState<Capture | null>(null);
  const attacked = useMemo(() => ({ capture, keep }), [capture]);
  return (
    <SessionContext value={session}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header page={route} />
      <StartUp />
      <AttackedContext value={attacked}>
        <Main route={route} />
      </AttackedContext>
      <footer className="footer">
        <p>
          Method: XNN-d, <cite>arXiv 2408.04974</cite>. Measured, with its limits, in the{' '}
          <Link to="report">attack report</Link>.
        </p>
        <p>
          <Link to="attack">Attack it yourself</Link> · <Link to="ownKey">Your own key</Link> ·{' '}
          <Link to="key">Key of a network</Link> · <Link to="login">Demo of a login</Link> ·{' '}
          <Link to="admin">Administration</Link> · <a href="/docs">API of the cloud</a>
        </p>
      </footer>
    </SessionContext>
  );
}

/** The page of a route, after the frame around it and after the press that led there: at once, they would keep the browser from answering. */
function Main({ route }: { route: Page | null }) {
  const painted = usePainted();
  const page = useDeferredValue(painted ? route : undefined);
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const { title, Content } = page === undefined ? FRAME : page === null ? MISSING : PAGES[page];

  useEffect(() => {
    document.title = title;
    const isFirst = shown.current === undefined;
    if (shown.current === page) return;
    shown.current = page;
    if (!isFirst) main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [page, title]);

  return (
    <main ref={main} id="main" key={page} tabIndex={-1}>
      <Suspense>
        <Content />
      </Suspense>
    </main>
  );
}
