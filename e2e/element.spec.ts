import { readFile } from 'node:fs/promises';
import AxeBuilder from '@axe-core/playwright';
import type { XnnFaceLogin } from '../src/element/index.js';
import { withCamera } from './fixtures/camera.js';
import { serveExamples } from './fixtures/examples.js';
import { expect, test, type Page } from './fixtures/test.js';

const NAME = 'Bea of another site';

test.describe.configure({ mode: 'serial' });

let examples: Awaited<ReturnType<typeof serveExamples>>;
test.beforeAll(async ({ baseURL, cloud }) => {
  examples = await serveExamples(baseURL!, cloud.otherPort);
});
test.afterAll(() => examples.close());

/** Changes properties of the page's element, which runs on WASM. */
async function set(page: Page, properties: Partial<Pick<XnnFaceLogin, 'mode' | 'subject' | 'capture' | 'locale'>>) {
  await page.evaluate(() => customElements.whenDefined('xnn-face-login'));
  await page
    .locator('xnn-face-login')
    .evaluate((element, changed) => void Object.assign(element, { backend: 'wasm', ...changed }), properties);
}

/** Keeps what the page is told, with details. */
async function listen(page: Page): Promise<() => Promise<readonly (readonly [string, unknown])[]>> {
  await page.evaluate(() => {
    const told: [string, unknown][] = [];
    for (const type of ['ready', 'progress', 'verified', 'enrolled', 'refused', 'error'] as const) {
      addEventListener(`xnn-${type}`, (event) => told.push([event.type, (event as CustomEvent<unknown>).detail]));
    }
    Object.assign(window, { told });
  });
  return () => page.evaluate(() => (window as unknown as { told: [string, unknown][] }).told);
}

const findings = async (page: Page, part = 'html') =>
  (await new AxeBuilder({ page }).include(part).analyze()).violations;

test('a plain page of another origin enrols and verifies, and its form is told', async () => {
  await withCamera('bea-still', examples.address, async (page) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto('/plain/');
    await set(page, { mode: 'enrol', subject: NAME });
    const told = await listen(page);
    expect(await findings(page)).toEqual([]);
    // Nothing is loaded or opened before the press, and the form waits for it.
    expect(asked).toEqual(['/plain/', '/element/xnn-face-login.js']);
    expect(page.workers()).toEqual([]);
    expect(await page.evaluate(() => document.forms[0]!.checkValidity())).toBe(false);

    await page.getByRole('button', { name: 'Enrol my face' }).click();
    await expect(page.getByText('Your face is enrolled')).toBeVisible({ timeout: 60_000 });
    const events = await told();
    expect(events.map(([type]) => type)).toEqual(expect.arrayContaining(['xnn-progress', 'xnn-ready', 'xnn-enrolled']));
    expect(events.at(-1)).toEqual([
      'xnn-enrolled',
      { subject: NAME, receipt: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);

    await set(page, { mode: 'verify' });
    const face = page.locator('xnn-face-login');
    await face.evaluate((element: XnnFaceLogin) =>
      element.addEventListener('xnn-verified', () =>
        Object.assign(window, { complete: element.form?.checkValidity() }),
      ),
    );
    await page.getByLabel('Your name').fill(NAME);
    await page.getByRole('button', { name: 'Verify my face' }).click();
    await expect(page.getByText('Hold still')).toBeVisible({ timeout: 60_000 });
    expect(await findings(page)).toEqual([]);
    await expect(page.getByText(`Welcome, ${NAME}.`)).toBeVisible();
    expect((await told()).at(-1)).toEqual(['xnn-verified', { mode: 'verify', subject: NAME }]);
    expect(await page.evaluate(() => (window as unknown as { complete: boolean }).complete)).toBe(true);
    expect(await findings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.locator('#answer')).toHaveText(
      `Sent: ${new URLSearchParams({ subject: NAME, face: 'verified' })}`,
    );
    const unanswered = (element: XnnFaceLogin) => {
      element.subject = 'Somebody else';
      return [element.checkValidity(), new FormData(element.form!).has('face')];
    };
    expect(await face.evaluate(unanswered)).toEqual([false, false]);
  });
});

test('works under the content security policy that its guide names', async ({ baseURL }) => {
  const guide = await readFile('docs/element.md', 'utf8');
  const policy = /^script-src .*$/m.exec(guide)![0].replaceAll('https://face.example.com', baseURL!);
  await withCamera('bea-still', examples.address, async (page) => {
    // The page has scripts and styles of its own.
    const own = `default-src 'none'; style-src 'unsafe-inline'; ${policy.replace('script-src', "script-src 'unsafe-inline'")}`;
    await page.goto(`/plain/?${new URLSearchParams({ policy: own })}`);
    await set(page, { subject: NAME });
    await page.getByRole('button', { name: 'Verify my face' }).click();
    await expect(page.getByText(`Welcome, ${NAME}.`)).toBeVisible({ timeout: 60_000 });
  });
});

for (const framework of ['react', 'vue', 'svelte']) {
  test(`a page of ${framework} verifies`, async () => {
    await withCamera('bea-still', examples.address, async (page) => {
      await page.goto(`/${framework}/`);
      await set(page, {});
      await page.getByLabel('Your name').fill(NAME);
      await page.getByRole('button', { name: 'Verify my face' }).press('Enter');
      await expect(page.getByText(`Welcome, ${NAME}.`)).toBeVisible({ timeout: 60_000 });
      expect(await findings(page)).toEqual([]);
    });
  });
}

test('another face is refused, in German, by a press; out of the page, nothing stays open', async ({ baseURL }) => {
  await withCamera(
    'ann',
    baseURL,
    async (page) => {
      await page.addInitScript(() => {
        const opened = { bitmaps: [] as ImageBitmap[], tracks: [] as MediaStreamTrack[] };
        Object.assign(window, { opened });
        const createImageBitmap = window.createImageBitmap.bind(window);
        window.createImageBitmap = async (source: ImageBitmapSource) => {
          const bitmap = await createImageBitmap(source);
          opened.bitmaps.push(bitmap);
          return bitmap;
        };
        const { mediaDevices } = navigator;
        const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (constraints) => {
          const stream = await getUserMedia(constraints);
          opened.tracks.push(...stream.getTracks());
          return stream;
        };
      });
      // A page of the cloud itself, under its policy, without the app and its own worker.
      await page.goto('/openapi.json');
      await page.evaluate(async () => {
        document.documentElement.lang = 'de';
        await import(String('/element/xnn-face-login.js'));
        document.body.replaceChildren(document.createElement('xnn-face-login'));
      });
      await set(page, { subject: NAME, capture: 'button' });
      const told = await listen(page);
      /** What is open: workers, cameras, and pictures that hold memory. */
      const open = async () => ({
        workers: page.workers().length,
        ...(await page.evaluate(() => {
          const { opened } = window as unknown as {
            opened: { bitmaps: readonly ImageBitmap[]; tracks: readonly MediaStreamTrack[] };
          };
          return {
            cameras: opened.tracks.filter(({ readyState }) => readyState === 'live').length,
            pictures: opened.bitmaps.filter(({ width }) => width > 0).length,
          };
        })),
      });
      expect(await open()).toEqual({ workers: 0, cameras: 0, pictures: 0 });

      await page.getByRole('button', { name: 'Gesicht prüfen' }).click();
      // A tilted head is a hint, not a refusal.
      await expect(page.getByText('Das Gesicht ist abgewandt')).toBeVisible({ timeout: 60_000 });
      expect(await findings(page, 'xnn-face-login')).toEqual([]);
      await page.getByRole('button', { name: 'Bild machen' }).click();
      await expect(page.getByText('Dieses Gesicht wurde nicht erkannt')).toBeVisible();
      expect((await told()).at(-1)).toEqual(['xnn-refused', { mode: 'verify', subject: NAME, code: 'no_match' }]);
      expect(await open()).toEqual({ workers: 1, cameras: 0, pictures: 0 });

      expect(await findings(page, 'xnn-face-login')).toEqual([]);
      const again = page.getByRole('button', { name: 'Noch einmal' });
      await expect(again).toBeFocused();
      await again.click();
      await expect(page.getByText('Das Gesicht ist abgewandt')).toBeVisible();
      expect(await open()).toMatchObject({ workers: 1, cameras: 1 });
      await page.locator('xnn-face-login').evaluate((element) => element.remove());
      await expect.poll(open).toEqual({ workers: 0, cameras: 0, pictures: 0 });
    },
    { colorScheme: 'dark' },
  );
});
