import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

/** What an owner of a page would write. */
const PAGE = `
import { XnnFaceLogin as Element } from 'xnn-face/element';
import { XnnFaceLogin } from 'xnn-face/react';
import { createElement } from 'react';

const element: Element = document.createElement('xnn-face-login');
element.mode = 'identify';
element.addEventListener('xnn-error', ({ detail }) => console.log(detail.code, detail.message));
document.body.append(element);
export const face = createElement(XnnFaceLogin, { subject: 'Ada', onVerified: ({ detail }) => console.log(detail.subject) });
// @ts-expect-error There is no such mode.
element.mode = 'guess';
`;

const TYPES = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    strict: true,
    noEmit: true,
    types: [],
  },
  files: ['page.ts'],
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

let folder: string;
let installed: string;
let manifest: Manifest;

/** A page's project with the package in it, as `npm install` of the tarball leaves it; what it depends on is this project's. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-element-'));
  installed = join(folder, 'node_modules/xnn-face');
  await mkdir(installed, { recursive: true });
  await run('npm', ['pack', './dist-element', '--offline', '--ignore-scripts', '--pack-destination', folder], {
    cwd: PROJECT,
  });
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'))!;
  await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of [...Object.keys(manifest.dependencies), 'react', '@types/react']) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'page.ts'), PAGE);
  await writeFile(join(folder, 'index.html'), '<script type="module" src="./page.ts"></script>');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TYPES));
});
afterAll(() => rm(folder, { recursive: true }));

it('needs a few small packages and nothing of the server', () => {
  expect(Object.keys(manifest.dependencies)).toEqual(['@lit/react', '@scure/bip39', 'comlink', 'idb-keyval', 'lit']);
});

it('names those whose code it has, with their terms', async () => {
  const text = await readFile(join(installed, 'third-party.txt'), 'utf8');
  const bundled = ['@mediapipe/tasks-vision', '@noble/ciphers', '@tensorflow/tfjs-core', 'comlink', 'zod'];
  for (const name of bundled) expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
  for (const terms of ['Permission is hereby granted', 'Apache License']) expect(text).toContain(terms);
});

it('has types that hold a page to them', async () => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  await run(process.execPath, [tsc, '-p', folder]).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });
});

it('is bundled into a page, its worker beside it as the one file it is', async () => {
  await build({ root: folder, base: './', configFile: false, logLevel: 'warn' });
  const assets = join(folder, 'dist/assets');
  const built = await readdir(assets);
  const [worker] = await readdir(join(installed, 'assets'));
  const copy = built.find((file) => file.startsWith('worker-'))!;
  const read = (...path: string[]) => readFile(join(...path), 'utf8');
  expect(await read(assets, copy)).toBe(await read(installed, 'assets', worker!));
  expect(await read(assets, copy)).not.toMatch(/\b(import|from)\s*\(?["'`](?!data:)/);
  const others = built.filter((file) => file !== copy && file.endsWith('.js'));
  const code = (await Promise.all(others.map((file) => read(assets, file)))).join('\n');
  expect(code).toContain(copy);
  expect(code).toContain('xnn-face-login');
});

it('may be imported where there is no page, as servers do that render one', async () => {
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '-e', "console.log(typeof (await import('xnn-face/react')).XnnFaceLogin)"],
    { cwd: folder },
  );
  expect(stdout.trim()).toBe('object');
});
