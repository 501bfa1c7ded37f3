import { useSyncExternalStore } from 'react';
import { getSettings, onSettings, type Theme } from './settings.js';

const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');

/** Puts the chosen theme, if one was chosen, on the page. */
export function applyTheme(): void {
  const { theme } = getSettings();
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

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
