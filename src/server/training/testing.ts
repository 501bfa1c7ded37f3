import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quantiseTokens, asObfuscated } from '../../core/tokens.js';
import { gaussian } from '../../core/random.js';
import { FEATURE_VALUES, TOKEN_CHANNELS, TOKEN_COUNT } from '../../core/spec.js';
import { encodeShard, type BundleManifest } from '../../wire/bundle.js';
import { toHex } from '../../wire/hex.js';
import {
  jobCreatedSchema,
  jobSchema,
  OFFSET_HEADER,
  PART_TYPE,
  TRAINING_ROUTES,
  type Job,
} from '../../wire/training.js';
import { sha256 } from '../sha256.js';
import { seeded, SERVED, type Fetch } from '../testing.js';
import type { TrainerCommand } from './trainer.js';

// What the tests of training jobs share. Nothing here is used by the product.

/** Trains nothing; its file says what it does. */
export const FAKE_TRAINER: TrainerCommand = {
  program: process.execPath,
  args: [fileURLToPath(new URL('./testing.trainer.js', import.meta.url))],
};

export interface TestBundle {
  readonly manifest: BundleManifest;
  /** All shards, one after another. */
  readonly bytes: Uint8Array;
}

/** A bundle of two people in shards of one and two records, which hold noise. */
export function testBundle(): TestBundle {
  const record = (label: number, seed: number) => ({
    label,
    ...quantiseTokens(asObfuscated(gaussian(FEATURE_VALUES, seeded(seed)))),
  });
  const contents = [[record(0, 1)], [record(1, 2), record(0, 3)]];
  const shards = contents.map((records, i) => {
    const bytes = encodeShard(records);
    const entry = {
      file: `0000${i}.safetensors`,
      records: records.length,
      bytes: bytes.length,
      sha256: toHex(sha256(bytes)),
    };
    return { bytes, entry };
  });
  const manifest: BundleManifest = {
    format: 'xnn-bundle',
    version: 1,
    encoder: toHex(SERVED.model),
    scheme: 'xnn-hardened',
    key: '12'.repeat(16),
    tokens: TOKEN_COUNT,
    channels: TOKEN_CHANNELS,
    classes: 2,
    records: 3,
    shards: shards.map(({ entry }) => entry),
  };
  return { manifest, bytes: new Uint8Array(Buffer.concat(shards.map(({ bytes }) => bytes))) };
}

/** A client of training jobs. */
export function trainingClient(fetch: Fetch) {
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const create = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(TRAINING_ROUTES.jobs, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const created = async (body: unknown) => jobCreatedSchema.parse(await (await create(body)).json());
  const send = (job: string, token: string, offset: number, part: Uint8Array) =>
    fetch(TRAINING_ROUTES.bundle(job), {
      method: 'PATCH',
      headers: { ...bearer(token), 'Content-Type': PART_TYPE, [OFFSET_HEADER]: String(offset) },
      body: new Uint8Array(part),
    });
  const show = async (job: string, token: string): Promise<Job> =>
    jobSchema.parse(await (await fetch(TRAINING_ROUTES.job(job), { headers: bearer(token) })).json());
  const until = async (job: string, token: string, reached: (job: Job) => boolean): Promise<Job> => {
    for (;;) {
      const now = await show(job, token);
      if (reached(now)) return now;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  /** A job with its whole bundle. */
  const begin = async (bundle: TestBundle, epochs: number) => {
    const { job, token } = await created({ manifest: bundle.manifest, epochs });
    const response = await send(job.job, token, 0, bundle.bytes);
    if (!response.ok) throw new Error(await response.text());
    return { id: job.job, token };
  };
  return { bearer, create, created, send, show, until, begin };
}

export const read = async (...path: string[]) => new Uint8Array(await readFile(join(...path)));
