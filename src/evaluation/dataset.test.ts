import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readFolder } from './dataset.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dataset-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), '');
  }
}

it('reads a folder an identity, at any depth, and leaves hidden and other files alone', async () => {
  await put('Bo/2.PNG', 'Bo/1.jpg', 'Al/day 1/x.webp', 'Al/x.jpeg', 'Cy/c.bmp');
  await put('Al/.x.jpg', 'Al/.thumbs/x.jpg', '.git/x.jpg', 'Al/notes.txt', 'of-nobody.jpg', 'Empty/readme.md');
  const { images, identities, leftOut } = await readFolder(folder);
  expect(images.map(({ name }) => name)).toEqual(['Al/day 1/x.webp', 'Al/x.jpeg', 'Bo/1.jpg', 'Bo/2.PNG', 'Cy/c.bmp']);
  expect(images.map(({ identity }) => identities[identity])).toEqual(['Al', 'Al', 'Bo', 'Bo', 'Cy']);
  expect(images[2]!.file).toBe(join(folder, 'Bo/1.jpg'));
  expect(leftOut).toEqual({ '.txt': 1, '.md': 1, 'in no folder': 1 });
});

it('follows links', async () => {
  await put('Al/1.jpg', 'Bo/1.jpg');
  await symlink(join(folder, 'Bo'), join(folder, 'Cy'));
  await symlink(join(folder, 'nowhere.jpg'), join(folder, 'Al/2.jpg'));
  expect((await readFolder(folder)).images.map(({ name }) => name)).toEqual([
    'Al/1.jpg',
    'Al/2.jpg',
    'Bo/1.jpg',
    'Cy/1.jpg',
  ]);
});

it('does not count a folder again through a link in it', async () => {
  await put('Al/1.jpg', 'Bo/1.jpg');
  await symlink('.', join(folder, 'Al/self'));
  await symlink('..', join(folder, 'Al/up'));
  expect((await readFolder(folder)).images.map(({ name }) => name)).toEqual(['Al/1.jpg', 'Bo/1.jpg']);
});

it('refuses what holds no pictures, or of one identity only', async () => {
  await expect(readFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'no_images' });
  await expect(readFolder(folder)).rejects.toMatchObject({ code: 'no_images' });
  await put('of-nobody.jpg');
  await expect(readFolder(folder)).rejects.toMatchObject({ code: 'no_images' });
  await put('Al/1.jpg', 'Al/2.jpg');
  await expect(readFolder(folder)).rejects.toMatchObject({ code: 'too_few_identities' });
});
