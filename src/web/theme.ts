import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';

const KEY = 'theme';
const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)');

/** Puts the chosen theme, if one was ever chosen, on the page. */
export function applyTheme(): void {
  const chosen = chosenTheme();
  if (chosen) document.documentElement.dataset.theme = chosen;
}

/** Chooses a theme, now and for later visits. */
export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is refused: the choice holds until the page closes.
  }
  document.documentElement.dataset.theme = theme;
  dispatchEvent(new Event('themechange'));
}

/** The theme shown now: the chosen one, else the system's. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, shownTheme, () => 'light');
}

function shownTheme(): Theme {
  const { theme } = document.documentElement.dataset;
  return isTheme(theme) ? theme : systemIsDark().matches ? 'dark' : 'light';
}

function chosenTheme(): Theme | null {
  try {
    const stored = localStorage.getItem(KEY);
    return isTheme(stored) ? stored : null;
  } catch {
    return null;
  }
}

function isTheme(value: unknown): value is Theme {
  return value === 'light' || value === 'dark';
}

function subscribe(listener: () => void): () => void {
  const system = systemIsDark();
  addEventListener('themechange', listener);
  system.addEventListener('change', listener);
  return () => {
    removeEventListener('themechange', listener);
    system.removeEventListener('change', listener);
  };
}
