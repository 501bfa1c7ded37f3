import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let newVersion: ServiceWorkerRegistration | null = null;

/** Keeps the app for opening without a network, by a service worker. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // A browser that forbids it shows the app all the same.
  void navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).then(watch, () => {});
}

/** Loads the new version of the app that is ready; null while there is none. It comes by itself when no page of the app is open any more. */
export function useNewVersion(): (() => void) | null {
  const registration = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => newVersion,
    () => null,
  );
  return registration && (() => changeTo(registration));
}

function watch(registration: ServiceWorkerRegistration): void {
  const announce = () => {
    newVersion = registration;
    for (const listener of listeners) listener();
  };
  if (registration.waiting !== null) announce();
  const follow = (coming: ServiceWorker | null) =>
    coming?.addEventListener('statechange', () => {
      // The first version of all has none before it.
      if (coming.state === 'installed' && registration.active !== null) announce();
    });
  // The browser looks for one when it opens the page, long before this runs.
  follow(registration.installing);
  registration.addEventListener('updatefound', () => follow(registration.installing));
  // Another page of the app has changed to it: this one goes on with what it has loaded until its person says so.
  navigator.serviceWorker.addEventListener('controllerchange', announce);
  // Who leaves an app open for days asks for no page of it.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void registration.update().catch(() => {});
  });
}

function changeTo({ waiting }: ServiceWorkerRegistration): void {
  if (waiting === null) return location.reload();
  waiting.addEventListener('statechange', () => {
    if (waiting.state === 'activated') location.reload();
  });
  waiting.postMessage({ type: 'SKIP_WAITING' });
}
