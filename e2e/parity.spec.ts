import { readFileSync } from 'node:fs';
import { build } from 'vite';
import { BACKENDS } from '../src/client/types.js';
import type { Golden } from '../src/protocol/golden.js';
import { expect, test } from './fixtures/test.js';

const golden = JSON.parse(readFileSync('models/golden.json', 'utf8')) as Golden;

/** Values differ from PyTorch's by at most this much, in features (a standard deviation is 1). */
const TOLERANCE = 5e-3;

let script: string;

test.beforeAll(async () => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      write: false,
      lib: { entry: 'e2e/fixtures/golden-page.ts', formats: ['es'] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [first] = [result].flat();
  if (first === undefined || !('output' in first)) throw new Error('the page was not built');
  script = first.output[0].code;
});

for (const backend of BACKENDS) {
  test(`${backend} in the browser agrees with PyTorch and leaves no tensor behind`, async ({ page }) => {
    const html = '<!doctype html><title>golden</title>';
    await page.route('**/golden', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto('/golden');
    await page.addScriptTag({ type: 'module', content: script });
    await page.waitForFunction(() => 'golden' in window);
    const result = await page.evaluate((backend) => window.golden(backend), backend);

    expect(result.leaked).toBe(0);
    const descriptor = golden.descriptor.map((value, i) => Math.abs(result.descriptor[i]! - value));
    expect(Math.max(...descriptor)).toBeLessThan(TOLERANCE);
    for (const name of ['clean', 'noise'] as const) {
      const differences = golden[name].map((value, i) => Math.abs(result[name][i * golden.stride]! - value));
      expect(Math.max(...differences), name).toBeLessThan(TOLERANCE);
    }
  });
}
