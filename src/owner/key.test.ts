import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { armor, Encrypter } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { tokens } from '../core/tokens.js';
import { derive, fingerprint, obfuscate } from '../core/xnn.js';
import { infoOf, type StoredKey } from '../wire/key-file.js';
import { createKey, readKey } from './key.js';
import { featuresOf, peopleOf } from './testing.js';

const PASSPHRASE = 'correct horse battery';
const ENCODER = '0123456789abcdef';
let folder: string;
let file: string;
let key: StoredKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-test-'));
  file = join(folder, 'faces.key');
  key = await createKey(file, 'xnn', ENCODER, PASSPHRASE);
});
afterAll(() => rm(folder, { recursive: true }));

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;

/** A file with any content, encrypted with the passphrase. */
async function fileWith(content: string): Promise<string> {
  const age = new Encrypter();
  age.setPassphrase(PASSPHRASE);
  age.setScryptWorkFactor(4);
  const other = join(folder, 'other.key');
  await writeFile(other, armor.encode(await age.encrypt(content)));
  return other;
}

test('a key restored from its file gives the same features bit for bit', async () => {
  const restored = await readKey(file, PASSPHRASE);
  expect(restored).toEqual(key);
  const clean = tokens(featuresOf(peopleOf(['Ada'], 1), 0));
  const [before, after] = [key, restored].map((one) => Buffer.from(obfuscate(derive(one), clean).buffer));
  expect(after!.equals(before!)).toBe(true);
});

test('no two keys are the same', async () => {
  const other = await createKey(join(folder, 'second.key'), 'xnn', ENCODER, PASSPHRASE);
  expect(Buffer.from(other.secret).equals(key.secret)).toBe(false);
});

test('the file is for its owner only, and shows nothing', async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const text = await readFile(file, 'utf8');
  expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from(armor.decode(text))]);
  for (const hidden of [key.secret, Buffer.from(key.secret).toString('hex'), 'xnn', ENCODER, fingerprint(key)]) {
    expect(bytes.includes(hidden)).toBe(false);
  }
});

test('what may be shown of a key is no part of it', () => {
  const info = infoOf(key);
  expect(info).toEqual({ scheme: 'xnn', encoder: ENCODER, created: key.created, fingerprint: fingerprint(key) });
  expect(inspect(info)).not.toContain(Buffer.from(key.secret).toString('hex').slice(0, 8));
});

test('another passphrase does not open it', async () => {
  await expect(readKey(file, 'correct horse batterie')).rejects.toThrow(refusal('passphrase_wrong'));
});

test('a weak passphrase, or a name that is taken, makes no key', async () => {
  await expect(createKey(join(folder, 'weak.key'), 'xnn', ENCODER, 'elevenchars')).rejects.toThrow(
    refusal('passphrase_weak'),
  );
  await expect(stat(join(folder, 'weak.key'))).rejects.toThrow();
  const before = await readFile(file);
  await expect(createKey(file, 'xnn', ENCODER, PASSPHRASE)).rejects.toThrow(refusal('file_exists'));
  expect((await readFile(file)).equals(before)).toBe(true);
});

test('what is no key file is refused, and not quoted', async () => {
  const content = {
    format: 'xnn-key-1',
    scheme: 'xnn',
    key: Buffer.from(key.secret).toString('hex'),
    encoderModel: ENCODER,
    created: key.created,
    fingerprint: fingerprint(key),
  };
  expect(await readKey(await fileWith(JSON.stringify(content)), PASSPHRASE)).toEqual(key);
  const others = [
    'not JSON: secret',
    JSON.stringify({ ...content, format: 'xnn-key-2' }),
    JSON.stringify({ ...content, key: 'secret' }),
    JSON.stringify({ ...content, scheme: 'matrix' }),
    JSON.stringify({ ...content, encoderModel: '00'.repeat(8) }),
  ];
  for (const other of others) {
    const error: unknown = await readKey(await fileWith(other), PASSPHRASE).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'key_invalid' });
    expect(inspect(error, { depth: 9 })).not.toContain('secret');
  }
  const text = await readFile(file, 'utf8');
  for (const broken of ['', 'hello', text.slice(0, -200), text.replace(/^\w/m, '!')]) {
    await writeFile(join(folder, 'broken.key'), broken);
    await expect(readKey(join(folder, 'broken.key'), PASSPHRASE)).rejects.toThrow(refusal('key_invalid'));
  }
  await expect(readKey(join(folder, 'missing.key'), PASSPHRASE)).rejects.toThrow(refusal('key_invalid'));
});
