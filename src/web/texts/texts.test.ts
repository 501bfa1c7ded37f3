import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sentences as ar } from '../../client/sentences/ar.js';
import { sentences as de } from '../../client/sentences/de.js';
import { sentences as es } from '../../client/sentences/es.js';
import { sentences as fr } from '../../client/sentences/fr.js';
import { sentences as zh } from '../../client/sentences/zh.js';
import { LANGUAGES, type Language } from '../languages.js';
import { texts as arabic } from './ar.js';
import { texts as german } from './de.js';
import { texts as english } from './en.js';
import { texts as account } from './en-account.js';
import { texts as attack } from './en-attack.js';
import { texts as reveal } from './en-reveal.js';
import { texts as settings } from './en-settings.js';
import { texts as spanish } from './es.js';
import { texts as french } from './fr.js';
import { texts as chinese } from './zh.js';

const TEXTS: Record<Language, object> = {
  en: { ...english, ...account, ...attack, ...reveal, ...settings },
  de: german,
  fr: french,
  es: spanish,
  zh: chinese,
  ar: arabic,
};
const SENTENCES = { de, fr, es, zh, ar };

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** Every text by the path of its key. */
function flat(part: object, path = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(part) as [string, string | object][]) {
    if (typeof value === 'string') all.set(path + key, value);
    else for (const [below, text] of flat(value, `${path}${key}.`)) all.set(below, text);
  }
  return all;
}

const named = (texts: ReadonlyMap<string, string>) =>
  [...new Set([...texts.keys()].map((key) => key.replace(PLURAL, '_')))].sort();
/** Placeholders and tags of a text, each as often as it is there; but for the count, which "a picture" says by itself. */
const slots = (text: string) => (text.match(/\{\{(?!count)\w+\}\}|<\/?\w+>/g) ?? []).sort();

const ENGLISH = flat(TEXTS.en);

describe.each(Object.keys(LANGUAGES) as Language[])('texts in %s', (language) => {
  const texts = flat(TEXTS[language]);

  it('are those that there are in English, none empty', () => {
    expect(named(texts)).toEqual(named(ENGLISH));
    for (const [key, text] of texts) expect(text.trim(), key).not.toBe('');
  });

  it('have every plural form of the language', () => {
    const rules = new Intl.PluralRules(language);
    const forms = [...new Set(Array.from({ length: 101 }, (_, count) => rules.select(count)))].sort();
    for (const name of named(texts).filter((key) => key.endsWith('_'))) {
      const own = [...texts.keys()].filter((key) => key.replace(PLURAL, '_') === name);
      expect(own.map((key) => PLURAL.exec(key)![1]).sort(), name).toEqual(forms);
    }
  });

  it('have the same placeholders and tags as in English', () => {
    for (const [key, text] of texts) {
      const original = ENGLISH.get(key) ?? ENGLISH.get(key.replace(PLURAL, '_other'));
      expect(slots(text), key).toEqual(slots(original!));
    }
  });
});

it('says of every error something of its own in every language', () => {
  for (const [language, sentences] of Object.entries(SENTENCES)) {
    const said = Object.values(sentences);
    expect(new Set(said).size, language).toBe(said.length);
    for (const text of said) expect(text, language).toMatch(/[.。]$/);
  }
});

// What is written in English for those who wait for it in English (App.tsx): administration and report.
const IN_ENGLISH = /\/(Admin|Report|ChartPicture)\.tsx$|\/admin\//;
const WEB = fileURLToPath(new URL('..', import.meta.url));
const files = (await readdir(WEB, { recursive: true }))
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.ts$|^testing|^texts/.test(name))
  .map((name) => WEB + name);
const sources = await Promise.all(
  files.map(async (name) => {
    const kind = name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
    return ts.createSourceFile(name, await readFile(name, 'utf8'), ts.ScriptTarget.Latest, true, kind);
  }),
);

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

it('has no text that nothing says', () => {
  // A template's holes may be any part of a key: `anatomy.${name}.${MODES[mode]}`.
  const said = new Set<string>();
  const patterns: RegExp[] = [];
  for (const node of sources.flatMap((source) => [...nodesOf(source)])) {
    if (ts.isStringLiteralLike(node)) said.add(node.text);
    if (!ts.isTemplateExpression(node)) continue;
    const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text);
    if (/^[a-z][A-Za-z]*\./.test(parts[0]!))
      patterns.push(new RegExp(`^${parts.join('[\\w-]+').replaceAll('.', '\\.')}$`));
  }
  const isSaid = (key: string) => said.has(key) || patterns.some((pattern) => pattern.test(key));
  expect([...new Set([...ENGLISH.keys()].map((key) => key.replace(PLURAL, '')))].filter((key) => !isSaid(key))).toEqual(
    [],
  );
});

it('writes nothing for people into a component, but asks the texts', () => {
  const SPOKEN = [
    'aria-label',
    'aria-valuetext',
    'title',
    'alt',
    'placeholder',
    'label',
    'hint',
    'lead',
    'text',
    'name',
  ];
  const found: string[] = [];
  for (const source of sources.filter(({ fileName }) => fileName.endsWith('x') && !IN_ENGLISH.test(fileName))) {
    for (const node of nodesOf(source)) {
      const at = `${source.fileName.slice(WEB.length)}: ${node.getText().trim()}`;
      if (ts.isJsxText(node) && /\p{L}{2}/u.test(node.text)) found.push(at);
      if (!ts.isJsxAttribute(node)) continue;
      // Icons are named for programs.
      if (node.parent.parent.tagName.getText() === 'Icon') continue;
      const { initializer } = node;
      if (SPOKEN.includes(node.name.getText()) && initializer && /\p{L}/u.test(literals(initializer))) found.push(at);
    }
    // Sentences anywhere: a capital, a space, and an end.
    for (const node of nodesOf(source)) {
      if (ts.isStringLiteralLike(node) && /^\p{Lu}.* .*[.?!…]$/u.test(node.text))
        found.push(`${source.fileName}: ${node.text}`);
    }
  }
  // A name is the same in every language.
  expect(found.filter((text) => !text.endsWith(': XNN'))).toEqual([]);
});

/** What of an attribute is written there; keys of texts are not. */
function literals(node: ts.Node): string {
  if (ts.isCallExpression(node) && node.expression.getText() === 't') return '';
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
    return ts.isStringLiteral(node) && !ts.isJsxAttribute(node.parent) ? '' : node.text;
  }
  return node.getChildren().map(literals).join('');
}
