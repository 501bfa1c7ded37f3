import { directionOf, type Language } from './languages.js';
import { openingClass, openingOf, type OpeningName, type OpeningTexts } from './opening.js';
import { pageAt } from './routes.js';
import { getSettings, wantedLanguage } from './settings.js';
import './styles/index.css';
import { applyTheme } from './theme.js';

// What is seen first, and all that it takes: the theme, and what the page begins with, in the language that is wanted, below the header that
// index.html has. The browser paints nothing before (blocking="render"). The app comes after that and puts itself in the place.

/** By the build (tools/first-paint.tsx). */
declare const OPENING_TEXTS: Readonly<Record<Language, Readonly<Record<OpeningName, OpeningTexts>>>>;

applyTheme();
const language = wantedLanguage();
document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
const name = openingOf(pageAt(location.pathname), getSettings().welcomed);
if (name !== null) {
  const { title, lead } = OPENING_TEXTS[language][name];
  const opening = element('div', { className: openingClass(name) });
  opening.append(element('h1', { textContent: title }), element('p', { className: 'lead', textContent: lead }));
  document.getElementById('main')!.append(opening);
}

// A frame's callbacks come before its painting, a new task after it. A page that nobody sees is not painted.
if (document.hidden) load();
else requestAnimationFrame(() => setTimeout(load));

/** Together: each would ask for the next only once it runs. */
function load(): void {
  void import('react-dom/client');
  void import('./render.js');
  void import('./main.js');
}

function element(tag: string, properties: Partial<HTMLElement>): HTMLElement {
  return Object.assign(document.createElement(tag), properties);
}
