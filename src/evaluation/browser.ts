import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { chromium } from 'playwright';
import { build } from 'vite';
import { launchOptions } from '../../tools/chromium.js';
import { trimmed } from '../../tools/libraries.js';
import { isErrorCode, XnnError } from '../core/errors.js';
import { CHALLENGE_BYTES } from '../core/spec.js';
import { toHex } from '../wire/hex.js';
import { inScratch } from './scratch.js';
import { CHALLENGE_HEADER, MADE_HEADER, type Making, type Refusal, type StartedReply, type Task } from './task.js';

const PAGE = fileURLToPath(new URL('page', import.meta.url));
const PUBLIC = fileURLToPath(new URL('../../public', import.meta.url));
/** Longest time without a result, in ms: the first start compiles shaders, on some machines in software. */
const PATIENCE = 180_000;
/** Name of a cookie. */
const PASS = 'pass';

/** What came of one image, with the challenge that its message must hold. */
export type Result = Refusal | (Making & { readonly bytes: Uint8Array; readonly challenge: Uint8Array });

export interface BrowserJob extends Omit<Task, 'images'> {
  /** Files, in the order of their indices. */
  readonly images: readonly string[];
  /** Called once before any result, with what the page runs. The job ends with what it throws. */
  readonly onStart: (started: StartedReply) => void;
  /** Called once an image, in any order; the page waits for it, so that results do not pile up. The job ends with what it throws. */
  readonly onResult: (index: number, result: Result) => Promise<void> | void;
}

/**
 * Runs the product's browser code over images, in headless Chromium.
 *
 * The page is built as the app is and served on localhost, images too, to this Chromium alone: nothing leaves this machine and nothing is
 * kept.
 *
 * @throws what the page's start throws (model_missing, no_backend ...), page_failed if the page breaks down
 */
export async function runInBrowser(job: BrowserJob): Promise<void> {
  await inScratch(async (folder) => {
    await buildPage(folder);
    await visit(job, folder);
  });
}

/** Bundles the page with the settings of the app's own build. */
async function buildPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: PAGE,
    publicDir: false,
    logLevel: 'error',
    plugins: [trimmed()],
    worker: { format: 'es', plugins: () => [trimmed()] },
    build: { outDir, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: Infinity },
  });
}

async function visit(job: BrowserJob, folder: string): Promise<void> {
  const outcome = deferred();
  const pass = toHex(randomBytes(32));
  const server = createAdaptorServer({ fetch: routes(job, folder, outcome, pass).fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await chromium.launch(launchOptions()).catch((cause: unknown) => {
    outcome.resolve();
    server.close();
    throw new XnnError('page_failed', 'Chromium does not start; "npx playwright install chromium" gets one', { cause });
  });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (cause) => outcome.reject(new XnnError('page_failed', cause.message, { cause })));
    page.on('crash', () => outcome.reject(new XnnError('page_failed', 'the page crashed')));
    // Playwright closes it when this process is told to end.
    browser.on('disconnected', () => outcome.reject(new XnnError('page_failed', 'the browser was closed')));
    await page.context().addCookies([{ name: PASS, value: pass, url: address, httpOnly: true, sameSite: 'Strict' }]);
    await page.goto(address);
    await outcome.promise;
  } finally {
    outcome.resolve();
    await browser.close();
    server.close();
  }
}

/** Every process of this machine, of whichever user, reaches localhost: without the pass it gets no picture and hands in no result. */
export function onlyWith(pass: string): MiddlewareHandler {
  return (context, next) => (getCookie(context, PASS) === pass ? next() : Promise.resolve(context.body(null, 403)));
}

/** What the page may ask. It ends with its last result, or with the first error. */
function routes(job: BrowserJob, folder: string, outcome: Deferred, pass: string): Hono {
  const task: Task = { output: job.output, backend: job.backend, tenant: job.tenant, images: job.images.length };
  const challenges = new Map<number, Uint8Array>();
  let left = job.images.length;
  const stalled = () => outcome.reject(new XnnError('page_failed', `nothing happened for ${PATIENCE / 1000} s`));
  const timer = setTimeout(stalled, PATIENCE);
  outcome.promise.finally(() => clearTimeout(timer)).catch(() => {});

  const app = new Hono();
  app.onError((error, context) => {
    outcome.reject(error);
    return context.body(null, 500);
  });
  app.use(onlyWith(pass));
  app.get('/task', (context) => context.json(task));
  app.post('/started', async (context) => {
    const reply = await context.req.json<StartedReply | Refusal>();
    if (reply !== null && 'code' in reply) throw asError(reply);
    timer.refresh();
    job.onStart(reply);
    return context.body(null);
  });
  app.get('/images/:index', async (context) => {
    const index = Number(context.req.param('index'));
    const challenge = randomBytes(CHALLENGE_BYTES);
    challenges.set(index, challenge);
    // A file that cannot be read is to the product what an empty one is: no picture.
    const file = await readFile(job.images[index]!).catch(() => Buffer.alloc(0));
    return context.body(new Uint8Array(file), 200, { [CHALLENGE_HEADER]: toHex(challenge) });
  });
  app.post('/results/:index', async (context) => {
    timer.refresh();
    const index = Number(context.req.param('index'));
    const challenge = challenges.get(index)!;
    challenges.delete(index);
    const making = context.req.header(MADE_HEADER);
    await job.onResult(
      index,
      making === undefined
        ? await context.req.json<Refusal>()
        : { ...(JSON.parse(making) as Making), bytes: new Uint8Array(await context.req.arrayBuffer()), challenge },
    );
    if (--left === 0) outcome.resolve();
    return context.body(null);
  });
  app.use(serveStatic({ root: folder }), serveStatic({ root: PUBLIC }));
  return app;
}

function asError({ code, detail }: Refusal): XnnError {
  return new XnnError(isErrorCode(code) ? code : 'page_failed', detail);
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function deferred(): Deferred {
  let settle: Omit<Deferred, 'promise'> = { resolve() {}, reject() {} };
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}
