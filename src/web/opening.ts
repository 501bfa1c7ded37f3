import type { Page } from './routes.js';
import type { Texts } from './texts/en.js';

/** Where visits begin, as the texts name it: what these pages begin with is in the first script, in all languages, and so there are few. */
export const OPENINGS = ['welcome', 'home', 'enrol', 'verify', 'login'] as const;

export type OpeningName = (typeof OPENINGS)[number];

export interface OpeningTexts {
  readonly title: string;
  readonly lead: string;
}

/** What a page begins with; null if that comes with the page. @param welcomed whether the first page has explained what happens to a picture */
export function openingOf(page: Page | null, welcomed: boolean): OpeningName | null {
  if (page === 'home') return welcomed ? 'home' : 'welcome';
  return OPENINGS.find((name) => name === page) ?? null;
}

/** How what a page begins with is laid out. */
export function openingClass(name: OpeningName): string {
  return name === 'home' || name === 'welcome' ? 'hero' : 'page-title';
}

/** All that pages begin with, in a language. */
export function openingsIn(texts: Pick<Texts, OpeningName>): Record<OpeningName, OpeningTexts> {
  const entries = OPENINGS.map((name) => [name, { title: texts[name].title, lead: withoutTags(texts[name].lead) }]);
  return Object.fromEntries(entries) as Record<OpeningName, OpeningTexts>;
}

/** A text as plain words: its links come with the page. */
export function withoutTags(text: string): string {
  return text.replace(/<\/?\w+>/g, '');
}
