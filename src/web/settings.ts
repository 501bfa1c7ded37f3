import { BACKENDS, type Backend } from '../client/types.js';
import { bestOf, isLanguage, type Language } from './languages.js';

export type Theme = 'light' | 'dark';

/** What a person chose, in this browser. Null where the choice is left to the browser or the app. */
export interface Settings {
  readonly language: Language | null;
  readonly theme: Theme | null;
  readonly backend: Backend | null;
  /** Id of a camera, as the browser names it. */
  readonly camera: string | null;
  /** Whether enrolling and verifying begin with a liveness check. */
  readonly live: boolean;
  /** Whether what happens to a picture was explained. */
  readonly welcomed: boolean;
}

const KEY = 'settings';
export const UNCHOSEN: Settings = {
  language: null,
  theme: null,
  backend: null,
  camera: null,
  live: false,
  welcomed: false,
};

const listeners = new Set<() => void>();
let settings: Settings | undefined;

// What is chosen in another tab is chosen here, too; else the next choice here would undo it.
globalThis.addEventListener?.('storage', ({ key }) => {
  if (key !== KEY && key !== null) return;
  settings = undefined;
  for (const listener of listeners) listener();
});

/** The same object until something changes. */
export function getSettings(): Settings {
  return (settings ??= stored());
}

/** Chooses, now and for later visits. */
export function changeSettings(change: Partial<Settings>): void {
  settings = { ...getSettings(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is refused: the choice holds until the page closes.
  }
  for (const listener of listeners) listener();
}

/** Calls `listener` after every change. @returns how to stop. */
export function onSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The chosen language, or the browser's. */
export function wantedLanguage(): Language {
  return getSettings().language ?? bestOf(navigator.languages);
}

/** What was kept, as far as it can be understood: another version of the app may have kept it. */
function stored(): Settings {
  let kept: Record<string, unknown>;
  try {
    kept = { ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as object) };
  } catch {
    return UNCHOSEN;
  }
  const { language, theme, backend, camera, live, welcomed } = kept;
  return {
    language: isLanguage(language) ? language : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
    backend: BACKENDS.find((name) => name === backend) ?? null,
    camera: typeof camera === 'string' ? camera : null,
    live: live === true,
    welcomed: welcomed === true,
  };
}
