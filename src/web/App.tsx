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
import { Footer } from './parts/Footer.js';
import { Header } from './parts/Header.js';
import { Opening } from './parts/Opening.js';
import { StartUp } from './parts/StartUp.js';
import type { Page } from './routes.js';
import { AttackedContext } from './useAttacked.js';
import { usePainted } from './usePainted.js';
import { useRoute } from './useRoute.js';
import { SessionContext } from './useSession.js';
import { useTexts } from './useTexts.js';

/** Brings WebAuthn along, which the other pages do without. */
const DemoLogin = lazy(async () => ({ default: (await import('./pages/DemoLogin.js')).DemoLogin }));

/** For few, who wait for it; others never download it, not even to be kept for offline (vite.config.ts). */
const Admin = lazy(async () => ({ default: (await import('./pages/Admin.js')).Admin }));
/** What few visitors come for. */
const Attack = lazy(async () => ({ default: (await import('./pages/Attack.js')).Attack }));
const Report = lazy(async () => ({ default: (await import('./pages/Report.js')).Report }));

const Settings = lazy(async () => ({ default: (await import('./pages/Settings.js')).Settings }));

const CONTENTS: Record<Page, ComponentType> = {
  home: Home,
  enrol: Enrol,
  verify: Verify,
  identify: Identify,
  forget: Forget,
  ownKey: OwnKey,
  key: Key,
  login: DemoLogin,
  settings: Settings,
  admin: Admin,
  attack: Attack,
  report: Report,
};

const NAME = 'XNN-d';

/** For operators, and for who reads what was measured: not translated. */
const ENGLISH: readonly Page[] = ['admin', 'report'];

export function App({ session, onShown }: { session: Session; onShown: () => void }) {
  const { t } = useTexts();
  const route = useRoute();
  const [capture, keep] = useState<Capture | null>(null);
  const attacked = useMemo(() => ({ capture, keep }), [capture]);
  return (
    <SessionContext value={session}>
      <a className="skip" href="#main">
        {t('frame.skip')}
      </a>
      <Header page={route} />
      <StartUp />
      <AttackedContext value={attacked}>
        <Main route={route} onShown={onShown} />
      </AttackedContext>
    </SessionContext>
  );
}

/** The page of a route and what stands below it, after the frame around them and after the press that led there: at once, they would keep the browser from answering. */
function Main({ route, onShown }: { route: Page | null; onShown: () => void }) {
  const { t, language } = useTexts();
  const painted = usePainted();
  const page = useDeferredValue(painted ? route : undefined);
  const main = useRef<HTMLElement>(null);
  /** The page that was opened, until another one has come. */
  const [opened, setOpened] = useState<Page | null | undefined>(route);
  if (opened !== undefined && page !== undefined && page !== opened) setOpened(undefined);
  const shown = useRef(page);
  const Content = page === undefined ? null : page === null ? Missing : CONTENTS[page];
  const title = page === undefined ? NAME : `${t(`title.${page ?? 'missing'}`)} · ${NAME}`;
  const opening = opened === undefined ? null : <Opening page={opened} />;
  const english = page != null && language !== 'en' && ENGLISH.includes(page);

  useEffect(() => {
    if (page !== undefined) onShown();
  }, [page, onShown]);

  useEffect(() => {
    document.title = title;
    const isFirst = shown.current === undefined;
    if (shown.current === page) return;
    shown.current = page;
    if (!isFirst) main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [page, title]);

  return (
    <>
      <main
        ref={main}
        id="main"
        key={page === undefined ? route : page}
        className={opened === undefined ? 'arriving' : undefined}
        tabIndex={-1}
      >
        {english && <p className="english-only">{t('frame.englishOnly')}</p>}
        <div lang={english ? 'en' : undefined} dir={english ? 'ltr' : undefined}>
          <Suspense fallback={opening}>{Content ? <Content /> : opening}</Suspense>
        </div>
      </main>
      {page !== undefined && <Footer />}
    </>
  );
}
