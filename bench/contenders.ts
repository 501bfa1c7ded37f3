import { picture } from '../e2e/fixtures/faces.js';
import type { UnwatchedPage } from '../e2e/fixtures/unwatched.js';
import type { Backend } from '../src/client/types.js';
import './page/run.js';

/** One verification. Times in ms. */
export interface Verification {
  /** From the press of the button, or the file, to the answer. */
  readonly verdict: number;
  /** From the press to the bytes to be sent, the challenge fetched meanwhile; null where nothing is sent. */
  readonly bytes: number | null;
  /** From sending to the cloud's answer. */
  readonly cloud: number | null;
}

/** A page that verifies a photo, and how it is made to. */
export interface Contender {
  readonly name: string;
  readonly url: string;
  /** Brings a page that has just become ready to its first answer. */
  readonly answer: (page: UnwatchedPage) => Promise<void>;
  /** Once more, in a page that has answered before. */
  readonly again: (page: UnwatchedPage) => Promise<Verification>;
}

/** Whom the photos show. */
const SUBJECT = 'Ann';

export function product(origin: string, backend: Backend): Contender {
  return {
    name: 'XNN-d',
    url: `${origin}/verify?backend=${backend}`,
    answer: async (page) => {
      await fill(page, 'Verify');
      await page.see('.answer', `Yes, this is ${SUBJECT}`);
    },
    again: (page) => page.evaluate(verifyAgain, null),
  };
}

/** @param page its address, with what it is asked for */
export function rival(name: string, page: URL, backend: Backend): Contender {
  const url = new URL(page);
  url.searchParams.set('backend', backend);
  const again = async (page: UnwatchedPage) => ({
    verdict: await page.evaluate(() => window.verifyAgain!(), null),
    bytes: null,
    cloud: null,
  });
  return {
    name,
    url: url.href,
    answer: async (page) => void (await again(page)),
    again,
  };
}

/** Enrols whom the photos show, so that verifications have an answer. */
export async function enrol(page: UnwatchedPage, origin: string): Promise<void> {
  await page.goto(`${origin}/enrol?backend=wasm`);
  await fill(page, 'Enrol with');
  await page.see('.answer', 'is enrolled');
}

async function fill(page: UnwatchedPage, button: string): Promise<void> {
  await page.press('.field input');
  await page.type(SUBJECT);
  await page.press('.tab', 'Photos');
  await page.chooseFile(picture('ann-1.jpg'));
  await page.see('.chip-presence');
  await page.press('.form > button', button);
}

/** In every page of ours: notes when it can answer. */
export function noteReady(): void {
  new MutationObserver((_, watch) => {
    if (document.querySelector('.chip-presence') === null) return;
    window.readyAt = performance.now();
    watch.disconnect();
  }).observe(document, { childList: true, subtree: true });
}

/** In our page: presses the button again. */
async function verifyAgain(): Promise<Verification> {
  performance.clearResourceTimings();
  const begun = performance.now();
  const verdict = await new Promise<number>((resolve) => {
    let isBusy = false;
    new MutationObserver((_, watch) => {
      isBusy ||= document.querySelector('.answer .busy') !== null;
      if (!isBusy || document.querySelector('.answer .yes') === null) return;
      watch.disconnect();
      resolve(performance.now() - begun);
    }).observe(document.querySelector('.answer')!, { childList: true, subtree: true, attributes: true });
    document.querySelector<HTMLButtonElement>('.form > .btn-primary')!.click();
  });
  // The browser notes a request a moment after its answer was read.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const requests = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const sent = requests.find(({ name }) => name.endsWith('/verification'))!;
  return { verdict, bytes: sent.startTime - begun, cloud: sent.duration };
}
