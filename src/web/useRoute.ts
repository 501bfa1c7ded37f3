import { useSyncExternalStore } from 'react';
import { PATHS, pageAt, type Page } from './routes.js';

/** The page the address names now; null when it names none. */
export function useRoute(): Page | null {
  return useSyncExternalStore(
    subscribe,
    () => pageAt(location.pathname),
    () => 'home',
  );
}

/** Goes to a page, so that the back button returns from it. */
export function navigate(page: Page): void {
  if (location.pathname !== PATHS[page]) history.pushState(null, '', PATHS[page]);
  // pushState tells nobody; this event makes it look like the back button does.
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo({ top: 0, behavior: 'instant' });
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}
