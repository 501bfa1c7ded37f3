import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { FEATURE_VALUES, INT8_MAX, MODEL_VERSION_BYTES, TOKEN_CHANNELS, TOKEN_COUNT } from '../core/spec.js';
import type { QuantisedTokens } from '../core/tokens.js';
import { SCHEMES } from '../core/xnn.js';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors.js';

// A bundle is a folder: manifest.json and shards, NNNNN.safetensors. Each shard holds the records of n images, in an order that says
// nothing of the images':
//
//   scales  F32 [n, 49]        features per step, one a token, each positive and finite
//   labels  I32 [n]            class of each record, from 0; which number stands for whom is known to the owner only
//   steps   I8  [n, 49, 512]   X̃ = step · scale, each in [-127, 127]
//
// It holds no image, no name, no key. What it does show: how many people there are, how many images each has, and which scheme it is.

/** Name of a bundle's description in its folder. */
export const MANIFEST_FILE = 'manifest.json';
/** Most records of a shard. */
export const SHARD_RECORDS = 512;

const digits = (count: number) => z.string().regex(new RegExp(`^[0-9a-f]{${count}}$`));

export const shardSchema = z.strictObject({
  file: z.string().regex(/^\d{5,9}\.safetensors$/),
  records: z.int().min(1).max(SHARD_RECORDS),
  bytes: z.int().positive(),
  sha256: digits(64),
});

export const manifestSchema = z
  .strictObject({
    format: z.literal('xnn-bundle'),
    version: z.literal(1),
    /** Model version of the encoder. */
    encoder: digits(2 * MODEL_VERSION_BYTES),
    scheme: z.enum(SCHEMES),
    /** Fingerprint of the key, which tells bundles of one key from others and nothing of the key. */
    key: digits(32),
    tokens: z.literal(TOKEN_COUNT),
    channels: z.literal(TOKEN_CHANNELS),
    /** Labels are below this. A class of whose images none could be used has no record. */
    classes: z.int().min(2),
    records: z.int().positive(),
    shards: z.array(shardSchema).min(1),
  })
  .refine(({ records, shards }) => records === shards.reduce((sum, shard) => sum + shard.records, 0), {
    error: 'the shards hold another number of records',
  })
  .refine(({ shards }) => new Set(shards.map(({ file }) => file)).size === shards.length, {
    error: 'a shard is named twice',
  });

export type BundleManifest = z.infer<typeof manifestSchema>;
export type ShardEntry = z.infer<typeof shardSchema>;

/** What the cloud has of one image. */
export interface BundleRecord extends QuantisedTokens {
  /** Class, from 0. */
  readonly label: number;
}

/** @throws bundle_invalid */
export function parseManifest(text: string): BundleManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : 'not JSON';
    throw new XnnError('bundle_invalid', `${MANIFEST_FILE}: ${reason}`, { cause });
  }
}

export function encodeShard(records: readonly BundleRecord[]): Uint8Array {
  const count = records.length;
  const scales = new DataView(new ArrayBuffer(4 * count * TOKEN_COUNT));
  const labels = new DataView(new ArrayBuffer(4 * count));
  const steps = new Int8Array(count * FEATURE_VALUES);
  records.forEach((record, i) => {
    record.scales.forEach((scale, token) => scales.setFloat32(4 * (i * TOKEN_COUNT + token), scale, true));
    labels.setInt32(4 * i, record.label, true);
    steps.set(record.steps, i * FEATURE_VALUES);
  });
  return encodeTensors({
    scales: { dtype: 'F32', shape: [count, TOKEN_COUNT], bytes: new Uint8Array(scales.buffer) },
    labels: { dtype: 'I32', shape: [count], bytes: new Uint8Array(labels.buffer) },
    steps: { dtype: 'I8', shape: [count, TOKEN_COUNT, TOKEN_CHANNELS], bytes: new Uint8Array(steps.buffer) },
  });
}

/**
 * Reads a shard that its manifest describes. Does not compare its hash: the caller does. Steps share memory with `file`.
 *
 * @throws bundle_truncated, bundle_invalid
 */
export function decodeShard(file: Uint8Array, { records }: ShardEntry, { classes }: BundleManifest): BundleRecord[] {
  const tensors = decodeTensors(file);
  if (tensors.size !== 3) throw new XnnError('bundle_invalid', `${tensors.size} tensors`);
  const scales = read(tensors, 'scales', 'F32', [records, TOKEN_COUNT]);
  const labels = read(tensors, 'labels', 'I32', [records]);
  const steps = read(tensors, 'steps', 'I8', [records, TOKEN_COUNT, TOKEN_CHANNELS]);
  if (new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength).includes(256 - INT8_MAX - 1)) {
    throw new XnnError('bundle_invalid', 'a step is -128');
  }
  return Array.from({ length: records }, (_, i) => {
    const label = labels.getInt32(4 * i, true);
    if (label < 0 || label >= classes) throw new XnnError('bundle_invalid', `label ${label} of ${classes} classes`);
    return {
      label,
      scales: Float32Array.from({ length: TOKEN_COUNT }, (_, token) => {
        const scale = scales.getFloat32(4 * (i * TOKEN_COUNT + token), true);
        if (!(scale > 0 && scale < Infinity)) throw new XnnError('bundle_invalid', `scale ${scale}`);
        return scale;
      }),
      steps: new Int8Array(steps.buffer, steps.byteOffset + i * FEATURE_VALUES, FEATURE_VALUES),
    };
  });
}

function read(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  dtype: Tensor['dtype'],
  shape: readonly number[],
): DataView {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== dtype || tensor.shape.join() !== shape.join()) {
    const found = tensor && `${tensor.dtype} [${tensor.shape.join()}]`;
    throw new XnnError('bundle_invalid', `${name} is ${found ?? 'missing'}, not ${dtype} [${shape.join()}]`);
  }
  return new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength);
}
