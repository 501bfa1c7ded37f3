import { XnnError, type ErrorCode } from '../core/errors.js';
import type { Embedding } from '../core/match.js';
import { TENANT_BYTES } from '../core/spec.js';
import { toHex } from '../wire/hex.js';
import { runInBrowser } from './browser.js';
import { openCloud, readCloudManifest, type CloudManifest, type Mode } from './cloud.js';
import type { Image } from './dataset.js';
import type { Backend, Started } from './task.js';

/** A tenant of the evaluation's own: nothing it makes fits a gallery. */
const TENANT = new Uint8Array(TENANT_BYTES);

export interface EmbedOptions {
  readonly mode: Mode;
  readonly backend: Backend;
  /** Told after every image. */
  readonly onProgress: (done: number) => void;
}

const BROWSER_STAGES = ['detect', 'align', 'encode', 'pack'] as const;

/** Time a stage took on each image, in ms. `detect` includes decoding it. */
export type StageTimes = Record<(typeof BROWSER_STAGES)[number] | 'recognise', number[]>;

/** What the product made of one image. */
export interface Outcome {
  /** Null where the product refused the image. */
  readonly embedding: Embedding | null;
  readonly refusal: ErrorCode | null;
  /** Whether only a part around the centre was used, because the whole shows several faces. */
  readonly centred: boolean;
}

export interface Embedded {
  readonly started: Started;
  readonly manifest: CloudManifest;
  /** In the order of the images. */
  readonly outcomes: readonly Outcome[];
  /** Size of every message; null if none was made. */
  readonly messageBytes: number | null;
  readonly stageMs: StageTimes;
}

/**
 * Images to embeddings, through the product's browser code and its cloud code. Keeps outcomes and times, nothing else.
 *
 * @throws what both halves throw when they start, and model_unsupported if they are not of one release
 */
export async function embed(images: readonly Image[], { mode, backend, onProgress }: EmbedOptions): Promise<Embedded> {
  const manifest = await readCloudManifest();
  const recognise = await openCloud(manifest, mode, TENANT);
  const outcomes: Outcome[] = [];
  const stageMs: StageTimes = { detect: [], align: [], encode: [], pack: [], recognise: [] };
  let started: Started | null = null;
  let messageBytes: number | null = null;
  let done = 0;

  await runInBrowser({
    output: mode,
    backend,
    tenant: toHex(TENANT),
    images: images.map(({ file }) => file),
    onStart(reply) {
      started = reply;
      if (reply?.model === manifest.model && reply.keyedModel === manifest.keyed.model) return;
      throw new XnnError('model_unsupported', `browser ${reply?.model}, cloud ${manifest.model}`);
    },
    async onResult(index, result) {
      if ('code' in result) {
        outcomes[index] = { embedding: null, refusal: result.code, centred: false };
      } else {
        const before = performance.now();
        const embedding = await recognise(result.bytes, result.challenge);
        stageMs.recognise.push(performance.now() - before);
        const times = result.stageMs;
        if (times !== null) for (const stage of BROWSER_STAGES) stageMs[stage].push(times[stage]);
        if (mode !== 'clean') messageBytes = result.bytes.length;
        outcomes[index] = { embedding, refusal: null, centred: result.part < 1 };
      }
      onProgress(++done);
    },
  });
  if (started === null) throw new XnnError('page_failed', 'the page never started');
  return { started, manifest, outcomes, messageBytes, stageMs };
}
