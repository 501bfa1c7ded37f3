import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useRef, useState, type ComponentType } from 'react';
import type { Capture, Session } from '../client/types.js';
import { PAGES } from './pages.js';
import { Missing } from './pages/Missing.js';
import { Footer } from './parts/Footer.js';
import { Header } from './parts/Header.js';
import { Opening } from './parts/Opening.js';
import { PageBoundary } from './parts/PageBoundary.js';
import { StartUp } from './parts/StartUp.js';
import type { Page } from './routes.js';
import { AttackedContext } from './useAttacked.js';
import { usePainted } from './usePainted.js';
import { useRoute } from './useRoute.js';
import { SessionContext } from './useSession.js';
import { useTexts } from './useTexts.js';

const lazily = Object.entries(PAGES).map(([page, load]) => [page, lazy(load) as ComponentType] as const);
const CONTENTS = Object.fromEntries(lazily) as Record<Page, ComponentType>;

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

/**
 * The page of a route and what stands below it, after the frame around them and after the press that led there: at once, they would keep the browser
 * from answering. Until a page has arrived the one before it stays, and at first what first.ts has drawn.
 */
function Main({ route, onShown }: { route: Page | null; onShown: () => void }) {
  const painted = usePainted();
  const page = useDeferredValue(painted ? route : undefined);
  /** The page that was opened, until another one has come. */
  const [opened, setOpened] = useState<Page | null | undefined>(route);
  if (opened !== undefined && page !== undefined && page !== opened) setOpened(undefined);
  return (
    <PageBoundary page={page}>
      <Suspense>
        {page === undefined ? (
          <main id="main" tabIndex={-1}>
            <div>
              <Opening page={route} />
            </div>
          </main>
        ) : (
          <Shown page={page} first={opened !== undefined} onShown={onShown} />
        )}
      </Suspense>
    </PageBoundary>
  );
}

function Shown({ page, first, onShown }: { page: Page | null; first: boolean; onShown: () => void }) {
  const { t, language } = useTexts();
  const main = useRef<HTMLElement>(null);
  const Content = page === null ? Missing : CONTENTS[page];
  const title = `${t(`title.${page ?? 'missing'}`)} · ${NAME}`;
  const english = page !== null && language !== 'en' && ENGLISH.includes(page);

  useEffect(() => {
    document.title = title;
  }, [title]);

  useEffect(() => {
    onShown();
    if (!first) main.current?.querySelector('h1')?.focus({ preventScroll: true });
    // The browser looked for it when the page had not arrived.
    else if (location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [page, first, onShown]);

  return (
    <>
      <main ref={main} id="main" key={page} className={first ? undefined : 'arriving'} tabIndex={-1}>
        {english && <p className="english-only">{t('frame.englishOnly')}</p>}
        <div lang={english ? 'en' : undefined} dir={english ? 'ltr' : undefined}>
          <Content />
        </div>
      </main>
      <Footer />
    </>
  );
}
