import { chromium } from '@playwright/test';
import { launchOptions } from '../tools/chromium.js';
import { answer, enrol, forget, identify, open, verify } from './fixtures/app.js';
import { perturbedOnly, record } from './fixtures/recorder.js';
import { expect, test } from './fixtures/test.js';

const NAME = 'Private Ann';

/** Whom Chromium itself calls, with or without a page. They appear at the proxy only, never among the page's own requests. */
const BROWSERS_OWN =
  /^(accounts|clients2|www)\.google\.com$|^(update|content-autofill|optimizationguide-pa|safebrowsing)\.googleapis\.com$/;

test('a whole visit sends messages of exact size and nothing else, and no two are alike', async ({ baseURL }) => {
  const recorder = await record();
  const { args, ...options } = launchOptions();
  const browser = await chromium.launch({
    ...options,
    args,
    proxy: { server: recorder.address, bypass: '<-loopback>' },
  });
  const page = await browser.newPage(baseURL === undefined ? {} : { baseURL });
  const asked: string[] = [];
  page.context().on('request', (request) => asked.push(request.url()));
  await open(page);
  await enrol(page, NAME, 'ann-1.jpg', 'ann-2.jpg', 'ann-3.jpg');
  await expect(answer(page)).toContainText('is enrolled');
  await verify(page, NAME, 'ann-probe.jpg');
  await expect(answer(page)).toContainText('Yes, this is');
  await identify(page, 'ann-probe.jpg');
  await expect(answer(page)).toContainText(`This is ${NAME}`);
  await forget(page, NAME);
  await expect(answer(page)).toContainText('is forgotten');
  await browser.close();
  recorder.close();

  const ownHost = new URL(baseURL!).host;
  const hosts = (urls: readonly URL[]) => [...new Set(urls.map(({ host }) => host))];
  expect(hosts(asked.filter((url) => !/^(blob|data):/.test(url)).map((url) => new URL(url)))).toEqual([ownHost]);
  const requests = recorder.requests.filter(({ url }) => !BROWSERS_OWN.test(url.hostname));
  expect(requests.length).toBeGreaterThan(10);
  expect(hosts(requests.map(({ url }) => url))).toEqual([ownHost]);

  const seen = perturbedOnly(requests);
  expect(seen.length).toBe(5);
});

test('the page may talk to its own server only, and is isolated', async ({ request }) => {
  const headers = (await request.get('/')).headers();
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain("'unsafe-inline'");
  expect(policy).not.toContain("'unsafe-eval'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers['cross-origin-opener-policy']).toBe('same-origin');
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test("the cloud's half of the model is not served", async ({ request }) => {
  for (const path of [
    '/models/student.onnx',
    '/models/clean-tail.onnx',
    '/../models/student.onnx',
    '/%2e%2e/models/student.onnx',
  ]) {
    const response = await request.get(path);
    expect((await response.body()).length).toBeLessThan(10_000);
  }
});
