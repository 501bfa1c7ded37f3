import { lazy, Suspense, useEffect, useRef, type ComponentType } from 'react';
import type { Session } from '../client/types.js';
import { Enrol } from './pages/Enrol.js';
import { Forget } from './pages/Forget.js';
import { Home } from './pages/Home.js';
import { Identify } from './pages/Identify.js';
import { Missing } from './pages/Missing.js';
import { Verify } from './pages/Verify.js';
import { Header } from './parts/Header.js';
import { Link } from './parts/Link.js';
import { StartUp } from './parts/StartUp.js';
import type { Page } from './routes.js';
import { SessionContext } from './useSession.js';
import { useRoute } from './useRoute.js';

/** Brings WebAuthn along, which the other pages do without. */
const DemoLogin = lazy(async () => ({ default: (await import('./pages/DemoLogin.js')).DemoLogin }));

const PAGES: Record<Page, { title: string; Content: ComponentType }> = {
  home: { title: 'XNN-d: face verification that keeps your photo', Content: Home },
  enrol: { title: 'Enrol · XNN-d', Content: Enrol },
  verify: { title: 'Verify · XNN-d', Content: Verify },
  identify: { title: 'Identify · XNN-d', Content: Identify },
  forget: { title: 'Forget me · XNN-d', Content: Forget },
  login: { title: 'Log in · XNN-d', Content: DemoLogin },
};

export function App({ session }: { session: Session }) {
  const page = useRoute();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const { title, Content } = page ? PAGES[page] : { title: 'Not found · XNN-d', Content: Missing };

  useEffect(() => {
    document.title = title;
    if (shown.current === page) return;
    shown.current = page;
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [page, title]);

  return (
    <SessionContext value={session}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header page={page} />
      <StartUp />
      <main ref={main} id="main" key={page} tabIndex={-1}>
        <Suspense>
          <Content />
        </Suspense>
      </main>
      <footer className="footer">
        <p>
          Method: XNN-d, <cite>arXiv 2408.04974</cite>. Measured, with its limits, in the README.
        </p>
        <p>
          <a href="/docs">API of the cloud</a> · <Link to="login">Demo of a login</Link>
        </p>
      </footer>
    </SessionContext>
  );
}
