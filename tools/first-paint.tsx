import { renderToStaticMarkup } from 'react-dom/server';
import type { Plugin } from 'vite';
import type { Language } from '../src/web/languages.js';
import { openingsIn, type OpeningName } from '../src/web/opening.js';
import { Brand } from '../src/web/parts/Brand.js';
import { texts as ar } from '../src/web/texts/ar.js';
import { texts as de } from '../src/web/texts/de.js';
import { texts as en, type Texts } from '../src/web/texts/en.js';
import { texts as es } from '../src/web/texts/es.js';
import { texts as fr } from '../src/web/texts/fr.js';
import { texts as zh } from '../src/web/texts/zh.js';

const TEXTS: Readonly<Record<Language, Pick<Texts, OpeningName>>> = { en, de, fr, es, zh, ar };
const SCRIPT = '<script type="module" ';
const ROOT = '<div id="root">';

/**
 * What a visitor sees before the app has arrived: puts the header's part that is alike in all languages into index.html, has the browser wait for
 * the first script with its first painting, and gives that script (src/web/first.ts) the words that pages begin with.
 */
export function firstPaint(): Plugin {
  const openings = Object.entries(TEXTS).map(([language, texts]) => [language, openingsIn(texts)]);
  const frame = renderToStaticMarkup(
    <>
      <header className="header">
        <Brand />
      </header>
      <main id="main" tabIndex={-1} />
    </>,
  );
  return {
    name: 'first-paint',
    config: () => ({ define: { OPENING_TEXTS: JSON.stringify(Object.fromEntries(openings)) } }),
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        if (!html.includes(SCRIPT) || !html.includes(ROOT)) throw new Error('index.html has no script or no #root');
        return html.replace(SCRIPT, `${SCRIPT}blocking="render" `).replace(ROOT, `${ROOT}${frame}`);
      },
    },
  };
}
