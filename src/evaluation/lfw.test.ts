import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLfw } from './lfw.js';

let folder: string;
let scratch: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lfw-test-'));
  scratch = join(folder, 'scratch');
  await mkdir(scratch);
  await writeFile(join(folder, 'pairs.txt'), '2\t1\nAl\t1\t2\nAl\t1\tBo\t1\nBo\t1\t2\nAl\t2\tBo\t2\n');
});
afterEach(() => rm(folder, { recursive: true }));

async function writeTar(file: string, names: readonly string[]): Promise<void> {
  const tar = pack();
  tar.entry({ name: 'inside/', type: 'directory' });
  for (const name of names) tar.entry({ name: `inside/${name}` }, `bytes of ${name}`);
  tar.finalize();
  await once(tar.pipe(createWriteStream(join(folder, file))), 'finish');
}

it('unpacks the images that the lists name, from several .tar files', async () => {
  await writeFile(join(folder, 'pairsDevTest.txt'), '1\nCy\t1\t2\nCy\t1\tAl\t1\n');
  await writeTar('lfw-0.tar', ['Al_0001.webp', 'Al_0002.webp', 'Cy_0001.webp', 'Cy_0002.webp']);
  await writeTar('lfw-1.tar', ['Bo_0001.webp', 'Bo_0002.webp', 'Bo_0003.webp']);
  const { images, identities, folds, view1 } = await readLfw(folder, scratch);
  const names = images.map(({ name }) => name);
  expect(names).toEqual(
    ['Al_0001', 'Al_0002', 'Bo_0001', 'Bo_0002', 'Cy_0001', 'Cy_0002'].map((name) => `${name}.webp`),
  );
  expect(identities).toEqual(['Al', 'Bo', 'Cy']);
  expect(await readFile(images[2]!.file, 'utf8')).toBe('bytes of Bo_0001.webp');
  expect(folds).toEqual([
    [
      { a: 0, b: 1, same: true },
      { a: 0, b: 2, same: false },
    ],
    [
      { a: 2, b: 3, same: true },
      { a: 1, b: 3, same: false },
    ],
  ]);
  expect(view1?.[0]).toEqual({ a: 4, b: 5, same: true });
});

it('refuses two copies of an image, and looks beside .tar files of something else', async () => {
  await writeTar('other.tar', ['readme.txt']);
  const names = ['Al_0001', 'Al_0002', 'Bo_0001', 'Bo_0002'];
  await mkdir(join(folder, 'lfw'));
  for (const name of names) await writeFile(join(folder, 'lfw', `${name}.jpg`), '');
  expect((await readLfw(folder, scratch)).images).toHaveLength(4);
  await mkdir(join(folder, 'lfw-deepfunneled'));
  await writeFile(join(folder, 'lfw-deepfunneled/Al_0001.jpg'), '');
  await expect(readLfw(folder, scratch)).rejects.toMatchObject({ code: 'pairs_invalid' });
});

it('reads a folder tree in place, with View 2 alone', async () => {
  for (const name of ['Al/Al_0001.jpg', 'Al/Al_0002.jpg', 'Bo/Bo_0001.jpg', 'Bo/Bo_0002.jpg', 'Cy/Cy_0001.jpg']) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), '');
  }
  const { images, view1 } = await readLfw(folder, scratch);
  expect(images.map(({ name }) => name)).toEqual([
    'Al/Al_0001.jpg',
    'Al/Al_0002.jpg',
    'Bo/Bo_0001.jpg',
    'Bo/Bo_0002.jpg',
  ]);
  expect(view1).toBeNull();
});

it('has missing images in the set, as files that cannot be read', async () => {
  await writeTar('lfw.tar', ['Al_0001.webp', 'Al_0002.webp', 'Bo_0001.webp']);
  const { images, folds } = await readLfw(folder, scratch);
  expect(images.map(({ name }) => name)).toEqual(['Al_0001.webp', 'Al_0002.webp', 'Bo_0001.webp', 'Bo_0002.jpg']);
  expect(folds[1]![0]).toEqual({ a: 2, b: 3, same: true });
});

it('refuses a set without lists, without images, or with a broken .tar', async () => {
  await expect(readLfw(join(folder, 'missing'), scratch)).rejects.toMatchObject({ code: 'no_images' });
  await expect(readLfw(folder, scratch)).rejects.toMatchObject({ code: 'no_images' });
  await writeFile(join(folder, 'lfw.tar'), 'x'.repeat(2000));
  await expect(readLfw(folder, scratch)).rejects.toThrow();
  await rm(join(folder, 'pairs.txt'));
  await rm(join(folder, 'lfw.tar'));
  await expect(readLfw(folder, scratch)).rejects.toMatchObject({ code: 'pairs_invalid' });
});

it('refuses pairs without folds, of which no threshold could be taken from others', async () => {
  await writeTar('lfw.tar', ['Al_0001.webp']);
  for (const header of ['', '1\n', '1\t1\n']) {
    await writeFile(join(folder, 'pairs.txt'), `${header}Al\t1\t2\nAl\t1\tBo\t1\n`);
    await expect(readLfw(folder, scratch)).rejects.toThrow('pairs_invalid: pairs.txt has no folds');
  }
});
