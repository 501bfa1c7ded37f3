import { deleteKeys } from './own-key.js';

/**
 * Deletes all that this origin keeps in the browser: receipts and settings, keys, verified models and the app for offline. What the cloud keeps
 * stays. Whoever calls reloads the page afterwards, whose memory has some of it still.
 */
export async function deleteKept(): Promise<void> {
  localStorage.clear();
  await deleteKeys();
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  const folders = await globalThis.caches.keys();
  await Promise.all([...workers.map((worker) => worker.unregister()), ...folders.map((name) => caches.delete(name))]);
}

/** Bytes that this origin takes in the browser; null where it does not say. */
export async function spaceKept(): Promise<number | null> {
  return (await navigator.storage?.estimate())?.usage ?? null;
}
