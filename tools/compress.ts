/** Puts a gzipped copy beside every file of the build that gains from it; the cloud serves those to browsers that take them. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);
const GAINS = /\.(css|html|js|json|svg|tflite|wasm|webmanifest)$/;

for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !GAINS.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  await writeFile(`${path}.gz`, await compress(await readFile(path), { level: 9 }));
}
