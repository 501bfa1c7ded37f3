import { chromium } from 'playwright';
import { record } from '../e2e/fixtures/recorder.js';
import { launchOptions } from '../tools/chromium.js';
import { noteReady, type Contender } from './contenders.js';

/** What a first visit brings over the line until the page can answer, in bytes, compressed as they come. */
export interface Bytes {
  /** Pages, styles and scripts of the app itself. */
  readonly app: number;
  /** What runs networks, loaded behind the page: the worker, tfjs, its backend, MediaPipe, and their WebAssembly. */
  readonly runtime: number;
  readonly models: number;
}

const MODELS = /^\/(models|human|face-api)\//;
const RUNTIME = /\.wasm$|^\/wasm\/|\/worker-|\/tfjs-|\/tasks-vision-/;

const kindOf = (path: string): keyof Bytes => (MODELS.test(path) ? 'models' : RUNTIME.test(path) ? 'runtime' : 'app');

/** Counted by a proxy between browser and server. @param kind what scripts of the page are taken for */
export async function bytesOf({ url }: Contender, kind = kindOf): Promise<Bytes> {
  const recorder = await record();
  const browser = await chromium.launch({
    ...launchOptions(),
    proxy: { server: recorder.address, bypass: '<-loopback>' },
  });
  try {
    const page = await browser.newPage();
    await page.addInitScript(noteReady);
    await page.goto(url);
    const seen = await page.waitForFunction(() => window.readyAt, null, { timeout: 120_000 });
    const ready = await seen.evaluate((readyAt) => performance.timeOrigin + readyAt!);
    const counted = { app: 0, runtime: 0, models: 0 };
    const { origin } = new URL(url);
    for (const { url, at, received } of recorder.requests) {
      if (at <= ready && url.origin === origin && !url.pathname.endsWith('.jpg'))
        counted[kind(url.pathname)] += received;
    }
    return counted;
  } finally {
    await browser.close();
    recorder.close();
  }
}
