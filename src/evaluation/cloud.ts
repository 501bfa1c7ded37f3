import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { asFeatures } from '../core/features.js';
import { unit, type Embedding } from '../core/match.js';
import { quantise } from '../core/quantise.js';
import { INT8_MAX, MODEL_VERSION_BYTES } from '../core/spec.js';
import { loadNetwork, networkSchema } from '../server/models.js';
import { keyedRecogniser, studentRecogniser } from '../server/recogniser.js';
import { fromHex, toHex } from '../wire/hex.js';

/** What the cloud is given: messages as the product sends them, or clean features as it never does. */
export const MODES = ['xnn-d', 'keyed', 'clean'] as const;
export type Mode = (typeof MODES)[number];

/** The cloud's half of the released model. */
export const MODELS = fileURLToPath(new URL('../../models', import.meta.url));

const version = z.string().regex(new RegExp(`^[0-9a-f]{${2 * MODEL_VERSION_BYTES}}$`));
const threshold = z.looseObject({ value: z.number() });

/** Of the entries of models/manifest.json what an evaluation needs. The threshold is not there before it is calibrated. */
const manifestSchema = z.looseObject({
  release: z.string(),
  model: version,
  student: networkSchema,
  cleanTail: networkSchema.optional(),
  threshold: threshold.optional(),
  keyed: z.looseObject({ model: version, threshold: threshold.optional() }),
});

export type CloudManifest = z.infer<typeof manifestSchema>;

/** @throws model_missing, model_invalid */
export async function readCloudManifest(folder = MODELS): Promise<CloudManifest> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((cause: unknown) => {
    throw new XnnError('model_missing', `there is no manifest.json in ${folder}`, { cause });
  });
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new XnnError('model_invalid', 'models/manifest.json is not a manifest of this version', { cause });
  }
}

/** What the page made of an image to an embedding. `challenge` is what its message must be bound to. */
export type Recognise = (bytes: Uint8Array, challenge: Uint8Array) => Promise<Embedding>;

/**
 * The product's cloud for one image at a time.
 *
 * @param tenant 16 bytes
 * @throws model_missing, model_hash_wrong, model_invalid
 */
export async function openCloud(manifest: CloudManifest, mode: Mode, tenant: Uint8Array): Promise<Recognise> {
  if (mode === 'clean') return openCleanCloud(manifest);
  const version = mode === 'keyed' ? manifest.keyed.model : manifest.model;
  const served = { model: fromHex(version, MODEL_VERSION_BYTES), tenant };
  const { read } =
    mode === 'keyed'
      ? keyedRecogniser(served, 0)
      : studentRecogniser(await loadNetwork(MODELS, manifest.student), served, 0);
  return async (bytes, challenge) => {
    const shown = read(bytes, 1);
    if (toHex(shown.challenge) !== toHex(challenge)) throw new XnnError('challenge_invalid');
    const [embedding] = await shown.embeddings();
    return embedding!;
  };
}

/** Clean features, which no message carries and so in fine steps, to the tail that was trained on them. */
async function openCleanCloud({ cleanTail }: CloudManifest): Promise<Recognise> {
  if (cleanTail === undefined)
    throw new XnnError('model_missing', 'models/manifest.json names no tail for clean features');
  const tail = await loadNetwork(MODELS, cleanTail);
  return async (bytes) => {
    const [vector] = await tail([quantise(asFeatures(new Float32Array(bytes.slice().buffer)), INT8_MAX)]);
    return unit(vector!);
  };
}
