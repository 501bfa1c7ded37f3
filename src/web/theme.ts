import { getSettings } from './settings.js';

/** Puts the chosen theme, if one was chosen, on the page. */
export function applyTheme(): void {
  const { theme } = getSettings();
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
