import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, passphraseFrom } from './passphrase.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passphrase-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('asked for on a terminal', () => {
  /** What is answered to these keys, and what the terminal showed. */
  async function type(keys: string): Promise<{ answer: string; shown: string }> {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const asked = ask('Passphrase: ', input, output);
    input.write(keys);
    try {
      return { answer: await asked, shown: String(output.read()) };
    } finally {
      input.end();
    }
  }

  test('it is not shown', async () => {
    expect(await type('correct horse\r')).toEqual({ answer: 'correct horse', shown: 'Passphrase: \n' });
  });

  test('it can be corrected', async () => {
    expect((await type('corrects\x7f hörse\r')).answer).toBe('correct hörse');
  });

  test.each([
    ['nothing', '\r'],
    ['Ctrl-C', 'corr\x03'],
    ['Ctrl-D', '\x04'],
  ])('%s is none', async (_, keys) => {
    await expect(type(keys)).rejects.toMatchObject({ code: 'passphrase_missing' });
  });
});

describe('from a file', () => {
  test('it is the first line, whatever the line ends with', async () => {
    const file = join(folder, 'passphrase');
    for (const text of [' correct horse ', ' correct horse \n', ' correct horse \r\nmore']) {
      await writeFile(file, text);
      expect(await passphraseFrom(file, { isNew: true })).toBe(' correct horse ');
    }
  });

  test('it is missing where the file is, or its first line is empty', async () => {
    const file = join(folder, 'empty');
    await writeFile(file, '\nlater');
    await expect(passphraseFrom(file, { isNew: false })).rejects.toMatchObject({ code: 'passphrase_missing' });
    const missing = passphraseFrom(join(folder, 'missing'), { isNew: false });
    await expect(missing).rejects.toMatchObject({ code: 'passphrase_missing' });
  });
});
