import { useSyncExternalStore } from 'react';

/** What is shown once. It stays in the page's memory, whatever page is shown, until its person says that it is written down. */
interface ShownOnce {
  /** Of an own key. */
  readonly words: readonly string[];
  /** Recovery codes of the account. */
  readonly codes: readonly string[];
}

let shown: ShownOnce = { words: [], codes: [] };
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const ask = (event: BeforeUnloadEvent) => event.preventDefault();

/** Shows words or codes in the place of those before; none if they are written down. */
export function showOnce(parts: Partial<ShownOnce>): void {
  shown = { ...shown, ...parts };
  // Who closes the page before all is written down is asked first.
  if (shown.words.length + shown.codes.length > 0) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
  for (const listener of listeners) listener();
}

export function useShownOnce(): ShownOnce {
  return useSyncExternalStore(subscribe, () => shown);
}
