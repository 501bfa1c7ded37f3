import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WASM = join(ROOT, 'public/wasm');

async function buildAssets(): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'tools/build-assets.ts'], { cwd: ROOT, stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number];
  return status;
}

test('a build leaves what another one serves, and takes away what nobody needs any more', async () => {
  expect(await buildAssets()).toBe(0);
  const files = await readdir(WASM);
  const stale = join(WASM, 'of-another-version.wasm');
  await writeFile(stale, '');
  let building = true;
  const built = buildAssets().finally(() => (building = false));
  const missing = new Set<string>();
  while (building) {
    for (const file of files) await access(join(WASM, file)).catch(() => missing.add(file));
    await pause(1);
  }
  expect(await built).toBe(0);
  expect([...missing]).toEqual([]);
  expect(await readdir(WASM)).toEqual(files);
  expect((await readdir(ROOT)).filter((name) => name.startsWith('.assets-'))).toEqual([]);
});
