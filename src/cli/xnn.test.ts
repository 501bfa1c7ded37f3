import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi, type MockInstance } from 'vitest';
import { fingerprint, type Key } from '../core/xnn.js';
import { sha256 } from '../owner/files.js';
import { createKey } from '../owner/key.js';
import { protectFeatures } from '../owner/protect.js';
import { releasedEncoder } from '../owner/release.js';
import { keyOf, meanTail, peopleOf, syntheticSource } from '../owner/testing.js';
import type { TailReport } from '../wire/training.js';
import { xnn as run } from './xnn.js';

const XNN = fileURLToPath(new URL('../../bin/xnn.js', import.meta.url));
const PASSPHRASE = 'correct horse battery';
const ALL = [
  'keygen',
  'key info',
  'protect',
  'bundle info',
  'train',
  'jobs',
  'jobs show',
  'jobs cancel',
  'jobs delete',
  'evaluate',
  'deploy',
  'deployments',
  'undeploy',
];
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';
const DEPLOY = ['deploy', '--tail', 'tail.onnx', '--key', 'old.key', '--cloud', NOWHERE] as const;
const home = process.cwd();
let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'xnn-test-')));
  process.chdir(folder);
  vi.stubEnv('XNN_PASSPHRASE_FILE', 'passphrase');
  vi.stubEnv('XDG_STATE_HOME', at('state'));
  await put('passphrase', PASSPHRASE);
  await put('wrong', 'incorrect horse battery');
  await put('faces/Ada/1.jpg', 'not read');
  await put('faces/Ada/2.jpg', 'not read');
  await put('faces/Grace/1.jpg', 'not read');
  await put('alone/Ada/1.jpg', 'not read');
  await put('tail.onnx', meanTail());
  await mkdir(at('empty'));
  const key = await createKey(at('old.key'), 'xnn', '00'.repeat(8), PASSPHRASE);
  await createKey(at('other.key'), 'xnn', '00'.repeat(8), PASSPHRASE);
  await put('trained.onnx', meanTail());
  await put('trained.json', JSON.stringify(reportOf(key, meanTail())));
  for (const [name, encoder] of [
    ['new.bundle', await releasedEncoder()],
    ['old.bundle', '00'.repeat(8)],
  ] as const) {
    const set = peopleOf(['Ada', 'Grace'], 2);
    await protectFeatures({
      key: { ...keyOf('permutation', 1), encoder },
      set,
      listing: '',
      source: syntheticSource(set),
      out: at(name),
      ownerFile: at(`${name}.owner.json`),
      onProgress: () => {},
    });
  }
});
afterAll(async () => {
  process.chdir(home);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Of a tail that was trained with a key. */
function reportOf(key: Key, tail: Uint8Array): TailReport {
  const { encoder, scheme } = key;
  const trained = { encoder, scheme, key: fingerprint(key), classes: 2, records: 4, epochs: 1, slots: true };
  const outcome = { loss: 0, accuracy: null, commit: null, bytes: tail.length, sha256: sha256(tail) };
  return { format: 'xnn-tail', version: 1, ...trained, ...outcome };
}

function at(name: string): string {
  return join(folder, name);
}

async function put(name: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), content);
}

/** Runs a command in this process, which is in the folder and has no terminal. */
async function xnn(...args: string[]) {
  const [out, err] = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')].map((spy) => spy.mockReturnValue());
  try {
    const status = await run(args);
    return { status, stdout: written(out!), stderr: written(err!) };
  } finally {
    out!.mockRestore();
    err!.mockRestore();
  }
}

function written({ mock }: MockInstance<typeof console.log>): string {
  return mock.calls.map(([line]) => `${line}\n`).join('');
}

test('the program gives what the command gives', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [XNN, 'juggle', '--json'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(JSON.parse(stdout), stderr).toMatchObject({ error: { code: 'request_invalid' } });
  expect(stderr).toContain('(request_invalid');
});

test('what is wrong with an operator’s settings is said, without where in the code it was found', async () => {
  vi.stubEnv('ORIGIN', 'login.example.com');
  const { status, stdout, stderr } = await xnn('admin', 'tenant', 'list', '--json');
  vi.stubEnv('ORIGIN', '');
  expect(status).toBe(1);
  const message = 'ORIGIN must be an address without a path, such as https://login.example.com.';
  expect(stderr).toBe(`${message}\n`);
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'internal', message } });
});

describe('help', () => {
  test.each([['admin'], ['admin', 'tenant'], ['admin', 'tenant', '--help']])(
    'lists what begins with %s %s',
    async (...words) => {
      const { stdout, status } = await xnn(...words);
      expect(status).toBe(0);
      expect(stdout).toContain('xnn admin tenant create ');
      expect(stdout).not.toContain('xnn keygen ');
    },
  );

  test('lists every command', async () => {
    const { stdout, status } = await xnn('--help');
    expect(status).toBe(0);
    for (const name of ALL) {
      expect(stdout).toContain(`xnn ${name} `);
    }
  });

  test.each(ALL)('explains %s with an example', async (command) => {
    const words = command.split(' ');
    const { stdout, status } = await xnn(...words, '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?\\n  npx xnn ${words.join(' ')} --`));
  });
});

test('a key is made once, and shown without the key', async () => {
  const made = await xnn('keygen', '--out', 'faces.key', '--json');
  expect(made.status, made.stderr).toBe(0);
  expect(made.stderr).toBe('');
  const info = JSON.parse(made.stdout) as Record<string, string>;
  expect(info).toEqual({
    file: 'faces.key',
    scheme: 'xnn-hardened',
    fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    encoder: await releasedEncoder(),
    created: expect.any(String) as string,
  });
  const before = await readFile(at('faces.key'), 'utf8');
  expect((await xnn('keygen', '--scheme', 'xnn', '--out', 'faces.key')).stderr).toContain('file_exists');
  expect(await readFile(at('faces.key'), 'utf8')).toBe(before);

  const shown = await xnn('key', 'info', '--key', 'faces.key');
  expect(shown.stdout).toContain(info.fingerprint);
  expect(shown.stdout).toContain('xnn-hardened');
});

test('a bundle is checked and described', async () => {
  const { stdout, stderr } = await xnn('bundle', 'info', '--bundle', 'new.bundle', '--json');
  expect(JSON.parse(stdout), stderr).toMatchObject({
    scheme: 'permutation',
    classes: 2,
    records: 4,
    shards: 1,
    recordsOfClass: [2, 2],
  });
});

describe('refusals', () => {
  test.each([
    [['keygen', '--scheme', 'rot13', '--out', 'x.key'], 'request_invalid'],
    [['keygen', '--scheme', 'xnn'], 'request_invalid'],
    [['keygen', '--scheme', 'xnn', '--out', 'no/such/x.key'], 'file_unwritable'],
    [['keygen', '--scheme', 'xnn', '--out', 'x.key', '--passphrase-file', 'missing'], 'passphrase_missing'],
    [['key', 'info', '--key', 'faces/Ada/1.jpg'], 'key_invalid'],
    [['key', 'info', '--key', 'old.key', '--passphrase-file', 'wrong'], 'passphrase_wrong'],
    [['protect', '--images', 'empty', '--key', 'old.key', '--out', 'x.bundle'], 'no_images'],
    [['protect', '--images', 'missing', '--key', 'old.key', '--out', 'x.bundle'], 'no_images'],
    [['protect', '--images', 'alone', '--key', 'old.key', '--out', 'x.bundle'], 'too_few_identities'],
    [['protect', '--images', 'faces', '--key', 'old.key', '--out', 'x.bundle'], 'encoder_differs'],
    [['protect', '--images', 'faces', '--key', 'old.key', '--out', 'new.bundle'], 'file_exists'],
    [['protect', '--images', 'faces', '--key', 'old.key', '--out', '/'], 'file_exists'],
    [['protect', '--images', 'faces', '--key', 'old.key', '--out', 'new.bundle/x/..'], 'file_exists'],
    [
      ['protect', '--images', 'faces', '--key', 'old.key', '--out', 'x.bundle', '--backend', 'abacus'],
      'request_invalid',
    ],
    [['bundle', 'info', '--bundle', 'old.bundle'], 'encoder_differs'],
    [['bundle', 'info', '--bundle', 'empty'], 'bundle_truncated'],
    [['evaluate', '--tail', 'passphrase', '--key', 'old.key', '--images', 'faces'], 'tail_invalid'],
    [['evaluate', '--tail', 'tail.onnx', '--key', 'old.key', '--images', 'faces'], 'encoder_differs'],
    [['evaluate', '--tail', 'trained.onnx', '--key', 'other.key', '--images', 'faces'], 'request_invalid'],
    [['evaluate', '--tail', 'tail.onnx', '--key', 'old.key', '--images', 'alone'], 'too_few_identities'],
    [['evaluate', '--tail', 'tail.onnx', '--key', 'old.key', '--images', 'faces', '--fmr', '2'], 'request_invalid'],
    [['train', '--bundle', 'new.bundle', '--cloud', 'cloud.example', '--out', 'x.onnx'], 'request_invalid'],
    [['train', '--bundle', 'new.bundle', '--cloud', NOWHERE, '--out', 'x.tail'], 'request_invalid'],
    [['train', '--bundle', 'new.bundle', '--cloud', NOWHERE, '--out', 'x.onnx', '--epochs', '0'], 'request_invalid'],
    [['train', '--bundle', 'new.bundle', '--cloud', NOWHERE, '--out', 'tail.onnx'], 'file_exists'],
    [['train', '--bundle', 'new.bundle', '--cloud', NOWHERE, '--out', 'no/such/x.onnx'], 'file_unwritable'],
    [['train', '--bundle', 'empty', '--cloud', NOWHERE, '--out', 'x.onnx'], 'bundle_truncated'],
    [['train', '--bundle', 'new.bundle', '--cloud', NOWHERE, '--out', 'x.onnx'], 'server_away'],
    [['jobs', 'show', '--job', '12'], 'job_unknown'],
    [[...DEPLOY], 'request_invalid'],
    [[...DEPLOY, '--threshold', '0.5'], 'tail_invalid'],
    [['deploy', '--tail', 'trained.onnx', '--cloud', NOWHERE, '--threshold', '0.5'], 'request_invalid'],
    [[...DEPLOY, '--tail', 'trained.onnx', '--threshold', ''], 'request_invalid'],
    [[...DEPLOY, '--tail', 'trained.onnx', '--threshold', ' '], 'request_invalid'],
    [[...DEPLOY, '--tail', 'trained.onnx', '--threshold', '0.5', '--passphrase-file', 'wrong'], 'passphrase_wrong'],
    [[...DEPLOY, '--tail', 'trained.onnx', '--threshold', '0.5'], 'encoder_differs'],
    [[...DEPLOY, '--tail', 'trained.onnx', '--threshold', '0.5', '--key', 'other.key'], 'request_invalid'],
    [['audit', 'verify', '--file', 'missing'], 'request_invalid'],
    [['undeploy', '--deployment', '12'], 'deployment_unknown'],
    [['juggle'], 'request_invalid'],
    [['protect', '--jugle'], 'request_invalid'],
  ])('%j is refused with %s', async (args, code) => {
    const { status, stdout, stderr } = await xnn(...args, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout), stderr).toMatchObject({ error: { code } });
    expect(stderr).toContain(`(${code}`);
  });

  test.each(['https://me:sesame@cloud.example', 'https://cloud.example/?sesame', 'https://cloud.example/#sesame'])(
    'of the address %s show no password that may be in it',
    async (address) => {
      const { stderr } = await xnn('train', '--bundle', 'new.bundle', '--cloud', address, '--out', 'x.onnx');
      expect(stderr).toContain('(request_invalid');
      expect(stderr).not.toContain('sesame');
    },
  );

  test('show nothing that a terminal would do', async () => {
    const output = '\u001b]0;title\u0007\u009b2J';
    await put('hostile.onnx', meanTail({ output }));
    const { stderr } = await xnn('evaluate', '--tail', 'hostile.onnx', '--key', 'old.key', '--images', 'faces');
    await rm(at('hostile.onnx'));
    expect(stderr).toContain('tail_invalid');
    expect(stderr).toMatch(/^\P{Cc}+\n$/u);
  });

  test('say which files are left alone', async () => {
    await put('mixed/Ada/1.jpg', 'not read');
    await put('mixed/Grace/1.jpg', 'not read');
    await put('mixed/Grace/2.HEIC', 'not read');
    const { stderr } = await xnn('protect', '--images', 'mixed', '--key', 'old.key', '--out', 'x.bundle');
    await rm(at('mixed'), { recursive: true });
    expect(stderr).toContain('Files that are not used: 1 .heic\n');
  });

  test('leave nothing half-written', async () => {
    const known = ['alone', 'empty', 'faces', 'faces.key', 'new.bundle', 'new.bundle.owner.json', 'old.bundle'];
    expect(await readdir(folder)).toEqual([
      ...known,
      'old.bundle.owner.json',
      'old.key',
      'other.key',
      'passphrase',
      'tail.onnx',
      'trained.json',
      'trained.onnx',
      'wrong',
    ]);
  });

  test('say when there is no terminal to ask on', async () => {
    vi.stubEnv('XNN_PASSPHRASE_FILE', '');
    const { stderr } = await xnn('key', 'info', '--key', 'old.key');
    expect(stderr).toContain('passphrase_missing');
  });
});
