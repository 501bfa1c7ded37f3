import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EVAL = fileURLToPath(new URL('eval.ts', import.meta.url));
const CALIBRATE = fileURLToPath(new URL('calibrate.ts', import.meta.url));
const photos = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/demo/sample1.jpg'));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eval-test-'));
  for (const name of ['Al', 'Bo']) await mkdir(join(folder, 'faces', name), { recursive: true });
  for (const copy of ['1.jpg', '2.jpg']) {
    await copyFile(join(photos, 'sample2.jpg'), join(folder, 'faces/Al', copy));
    await copyFile(join(photos, 'sample4.jpg'), join(folder, 'faces/Bo', copy));
  }
  await copyFile(join(photos, 'sample1.jpg'), join(folder, 'faces/Al/group.jpg'));
  await writeFile(join(folder, 'faces/Bo/broken.png'), 'not a picture');
  await writeFile(join(folder, 'pairs.txt'), 'Al/1.jpg Al/2.jpg 1\nBo/1.jpg Bo/2.jpg 1\nAl/1.jpg Bo/1.jpg 0\n');
});
afterAll(() => rm(folder, { recursive: true }));

function run(program: string, ...args: string[]) {
  const result = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder },
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe('npm run eval', () => {
  it('measures messages, and names the pictures that were refused', async () => {
    const { stdout, stderr, status } = run(EVAL, '--images', join(folder, 'faces'));
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('6 of 6 images');
    const report = JSON.parse(stdout) as Record<string, unknown>;
    const estimate = {
      value: expect.any(Number) as number,
      low: expect.any(Number) as number,
      high: expect.any(Number) as number,
    };
    const stage = { median: expect.any(Number) as number, p95: expect.any(Number) as number };
    expect(report).toMatchObject({
      mode: 'xnn-d',
      backend: 'wasm',
      images: 6,
      identities: 2,
      detectionFailures: 2,
      failures: [
        { file: 'Al/group.jpg', code: 'several_faces' },
        { file: 'Bo/broken.png', code: 'image_corrupt' },
      ],
      pairs: { genuine: 6, genuineRefused: 4, impostor: 4 },
      eer: estimate,
      tarAtFar1e3: estimate,
      tarAtFar1e4: estimate,
      rank1: estimate,
      withoutFailures: { pairs: { genuine: 2, genuineRefused: 0, impostor: 4 } },
      messageBytes: 13_104,
      stageMs: { detect: stage, align: stage, encode: stage, pack: stage, recognise: stage },
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('xnn-'))).toEqual([]);
  });

  it('measures listed pairs of clean features, where copies of one photo are the same', () => {
    const { stdout, stderr } = run(
      EVAL,
      '--images',
      join(folder, 'faces'),
      '--pairs',
      join(folder, 'pairs.txt'),
      '--mode',
      'clean',
    );
    expect(JSON.parse(stdout), stderr).toMatchObject({
      mode: 'clean',
      pairs: { genuine: 2, genuineRefused: 0, impostor: 1 },
      eer: { value: 0 },
      tarAtFar1e3: { value: 1 },
      withoutFailures: { rank1: { value: 1 } },
      messageBytes: null,
    });
  });

  it.each([
    [['--images', 'nowhere'], 'no_images'],
    [[], 'request_invalid: --images or --data-lfw is missing'],
    [['--images', '.', '--mode', 'none'], 'request_invalid: --mode is one of xnn-d, keyed, clean'],
    [['--imgs', '.'], 'request_invalid'],
  ])('refuses %j', (args, message) => {
    const { status, stderr } = run(EVAL, ...args);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });

  it('explains itself', () => {
    expect(run(EVAL, '--help').stdout).toContain('npm run eval -- --images faces --json result.json');
  });
});

describe('npm run calibrate', () => {
  it('measures the alignment of faces', () => {
    const { stdout, stderr } = run(CALIBRATE, 'alignment', '--chips', join(folder, 'faces/Al'));
    expect(JSON.parse(stdout), stderr).toMatchObject({ chips: 3, faces: 2, failures: { several_faces: 1 } });
  });

  it('chooses no threshold from a handful of pairs', () => {
    const { status, stderr } = run(CALIBRATE, 'threshold', '--images', join(folder, 'faces'));
    expect(status).toBe(1);
    expect(stderr).toContain('too_few_pairs: 9 impostor pairs of at least 100000');
  });
});
