/** Writes the manifest of the package that dist-element/ is: <xnn-face-login> alone, without what servers and commands need. */
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';

const FOLDER = 'dist-element';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const { name, version, license, dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

/** Packages that the built files import. */
async function imported(): Promise<readonly string[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.js'));
  const code = (await Promise.all(files.map((file) => readFile(`${FOLDER}/${file}`, 'utf8')))).join('\n');
  const packages = code.matchAll(
    /(?:from |import )"((?:@[^/"]+\/)?[^./"][^/"]*)|import\("((?:@[^/"]+\/)?[^./"][^/"]*)/g,
  );
  return [...new Set([...packages].map(([, still, later]) => (still ?? later)!))].toSorted();
}

const needed = (await imported()).filter((from) => from !== 'react');
const missing = needed.filter((from) => dependencies[from] === undefined);
if (missing.length > 0) throw new Error(`${FOLDER} imports ${missing.join(', ')}, which package.json does not list`);

const entry = (file: string) => ({ types: `./types/element/${file}.d.ts`, default: `./${file}.js` });
const manifest = {
  name,
  version,
  private: true,
  description: 'The web component <xnn-face-login>: private face verification in the browser.',
  license,
  type: 'module',
  exports: { './element': entry('index'), './react': entry('react') },
  // That the element is defined is an effect.
  sideEffects: ['./index.js', './element-*.js'],
  dependencies: Object.fromEntries(needed.map((from) => [from, dependencies[from]])),
  peerDependencies: { react: '>=18' },
  peerDependenciesMeta: { react: { optional: true } },
};
await writeFile(`${FOLDER}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
await copyFile('LICENSE', `${FOLDER}/LICENSE`);
// What its links lead to is not in the package.
const guide = await readFile('docs/element.md', 'utf8');
await writeFile(`${FOLDER}/README.md`, guide.replace(/\[([^\]]+)\]\((?!https:|#)[^)]+\)/g, '$1'));
