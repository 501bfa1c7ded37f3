import { useSyncExternalStore } from 'react';
import { getSettings, onSettings, type Theme } from './settings.js';

const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');

/** The theme shown now: the chosen one, else the system's. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, shownTheme, () => 'light');
}

function shownTheme(): Theme {
  return getSettings().theme ?? (systemIsDark().matches ? 'dark' : 'light');
}

function subscribe(listener: () => void): () => void {
  const system = systemIsDark();
  const stop = onSettings(listener);
  system.addEventListener('change', listener);
  return () => {
    stop();
    system.removeEventListener('change', listener);
  };
}
