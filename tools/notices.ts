import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Names of files that packages keep their terms in. */
const TERMS = /^(licen[cs]e|copying|notice)/i;
/** What a build writes; files that are no code have no modules. */
type Parts = Readonly<Record<string, object>>;

/** The folder of a package that a module is of. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * Writes a file of the names and terms of all whose code is in a build, as their licences ask of copies. `seen` looks at what workers are
 * made of, `written` at the rest, and is the one that writes.
 *
 * @param others packages of which a build has more than modules: styles, networks, WebAssembly
 */
export function notices(file: string, others: readonly string[]) {
  const folders = new Set(others.map((name) => join('node_modules', name)));
  const look = (bundle: Parts): void => {
    for (const part of Object.values(bundle)) {
      for (const module of 'moduleIds' in part ? (part.moduleIds as readonly string[]) : []) {
        const [folder] = PACKAGE.exec(module.replace(/^\0/, '')) ?? [];
        if (folder !== undefined) folders.add(folder);
      }
    }
  };
  return {
    seen: (): Plugin => ({ name: 'notices-seen', generateBundle: (_, bundle) => look(bundle) }),
    written: (): Plugin => ({
      name: 'notices',
      generateBundle(_, bundle) {
        look(bundle);
        this.emitFile({ type: 'asset', fileName: file, source: textOf([...folders]) });
      },
    }),
  };
}

function textOf(folders: readonly string[]): string {
  /** Packages by their terms, which many share to the letter. */
  const byTerms = new Map<string, Set<string>>();
  for (const folder of folders.filter((folder) => existsSync(join(folder, 'package.json')))) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Named;
    const files = readdirSync(folder).filter((file) => TERMS.test(file));
    const terms = files.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').trim());
    const key = terms.length > 0 ? terms.join('\n\n') : `License: ${license ?? 'not stated'}`;
    byTerms.set(key, (byTerms.get(key) ?? new Set()).add(`${name} ${version}`));
  }
  return [...byTerms]
    .map(([terms, names]) => `${[...names].toSorted().join('\n')}\n\n${terms}\n`)
    .toSorted()
    .join(`\n${'-'.repeat(80)}\n\n`);
}

interface Named {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}
