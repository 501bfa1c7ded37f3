import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Sentences } from '../client/messages.js';
import { directionOf, type Language } from './languages.js';
import { wantedLanguage } from './settings.js';
import { texts as english, type English, type Texts } from './texts/en.js';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: English };
  }
}

type Spoken = Promise<[{ texts: Texts }, { sentences: Sentences }]>;

/** Each is a download of its own, but for English, which stands in where anything fails. */
const LOADERS: Record<Exclude<Language, 'en'>, () => Spoken> = {
  de: () => Promise.all([import('./texts/de.js'), import('../client/sentences/de.js')]),
  fr: () => Promise.all([import('./texts/fr.js'), import('../client/sentences/fr.js')]),
  es: () => Promise.all([import('./texts/es.js'), import('../client/sentences/es.js')]),
  zh: () => Promise.all([import('./texts/zh.js'), import('../client/sentences/zh.js')]),
  ar: () => Promise.all([import('./texts/ar.js'), import('../client/sentences/ar.js')]),
};

const sentences = new Map<string, Sentences>();

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: english } },
  initAsync: false,
  // React escapes what it shows.
  interpolation: { escapeValue: false },
  react: { useSuspense: false },
});

/** Adds what one part of the app says in English, which calls this as it arrives. Other languages are whole when they come. */
export function addEnglish(texts: Partial<English>): void {
  i18next.addResourceBundle('en', 'translation', texts);
}

/** What is said of errors and poses in a language that was loaded; undefined for English, whose sentences are everywhere. */
export function sentencesOf(language: string): Sentences | undefined {
  return sentences.get(language);
}

/** Speaks the chosen language, or the browser's. Resolves when the page shows it; without a network, the one before it stays. */
export async function applyLanguage(): Promise<void> {
  const wanted = wantedLanguage();
  const language = (await learn(wanted)) ? wanted : (i18next.language as Language);
  // Another one was chosen meanwhile: that choice speaks.
  if (wanted !== wantedLanguage()) return;
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
  if (language !== i18next.language) await i18next.changeLanguage(language);
}

/** @returns whether it could be had */
async function learn(language: Language): Promise<boolean> {
  if (language === 'en' || sentences.has(language)) return true;
  try {
    const [words, said] = await LOADERS[language]();
    i18next.addResourceBundle(language, 'translation', words.texts);
    sentences.set(language, said.sentences);
    return true;
  } catch {
    return false;
  }
}
