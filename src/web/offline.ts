import type { Session } from '../client/types.js';

/**
 * Keeps the app for opening without a network, by a service worker. Not before the session has started: its downloads would take the
 * cores and the line from those that the first visit waits for, and afterwards the browser has them already.
 */
export function keepForOffline(session: Session): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const stop = session.subscribe(() => {
    if (session.getState().status === 'starting') return;
    stop();
    // A browser that forbids it shows the app all the same.
    void navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => {});
  });
}
