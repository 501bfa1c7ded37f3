import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { build } from 'vite';
import { picture } from '../e2e/fixtures/faces.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = join(ROOT, 'bench/page');

/** Most that is kept of what a server says on stderr, in characters. */
const KEPT = 2000;

export interface Served {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** The built app and the cloud in a process of its own, as `npm start` runs it, on a database of its own and without limits. */
export async function serveProduct(): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'xnn-bench-'));
  const unlimited = { LIMIT_PER_ADDRESS: '1000000000', LIMIT_PER_TENANT: '1000000000' };
  const server = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/server/main.ts')], {
    cwd: ROOT,
    env: { ...process.env, ...unlimited, PORT: '0', DATA_DIR: folder, DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT)));
  const ended = once(server, 'exit').then(async () => {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the server did not start: ${said}`);
  });
  const [line] = (await Promise.race([once(createInterface(server.stdout), 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return {
    url: /http:\S+/.exec(line)![0],
    async close() {
      server.kill('SIGTERM');
      await ended.catch(() => undefined);
    },
  };
}

/** Builds pages and serves them with the photo and what they load: models and WebAssembly from node_modules. */
export async function servePages(names: readonly string[]): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'xnn-bench-'));
  await build({
    configFile: false,
    root: PAGES,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      chunkSizeWarningLimit: Infinity,
      rolldownOptions: { input: names.map((name) => join(PAGES, `${name}.html`)) },
    },
  });
  const within = (prefix: string, root: string) =>
    serveStatic({ root, rewriteRequestPath: (path) => path.slice(prefix.length) });
  const modules = join(ROOT, 'node_modules');
  const app = new Hono();
  app.use(compress());
  app.use('/human/*', within('/human', join(modules, '@vladmandic/human/models')));
  app.use('/face-api/*', within('/face-api', join(modules, '@vladmandic/face-api/model')));
  app.use('/seal/*', within('/seal', join(modules, 'node-seal/dist')));
  app.use('/wasm/*', within('/wasm', join(modules, '@tensorflow/tfjs-backend-wasm/dist')));
  app.use('/face.jpg', serveStatic({ path: picture('ann-1.jpg') }));
  app.use(serveStatic({ root: folder }));
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
