import './no-reports.js';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { unit, type Embedding } from '../core/match.js';
import { EMBEDDING_SIZE, FEATURE_CHANNELS, FEATURE_SIZE, FEATURE_VALUES, MODEL_VERSION_BYTES } from '../core/spec.js';
import type { Student } from '../protocol/recognise.js';
import { fromHex } from '../wire/hex.js';

/** An entry of models/manifest.json that names a network. */
export const networkSchema = z.object({
  file: z.string().regex(/^[\w-]+\.onnx$/),
  bytes: z.int().positive(),
  /** Of the file, 64 hexadecimal digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const version = z.string().regex(new RegExp(`^[0-9a-f]{${2 * MODEL_VERSION_BYTES}}$`));
/** Cosine from which two faces are one person, at the false match rate stated beside it. */
const threshold = z.object({ value: z.number().min(-1).max(1), fmr: z.number().positive() });

/** models/manifest.json: the cloud's half of a release. Files and entries that the cloud does not run are ignored. */
const manifestSchema = z.object({
  /** For people ("1.0.0"). */
  release: z.string(),
  /** Model version, 16 hexadecimal digits; encoder and generator of the browser's half have the same. */
  model: version,
  student: networkSchema,
  threshold,
  /** Of the browser's encoder and tail in keyed mode. */
  keyed: z.object({ model: version, threshold }),
});

/** What the cloud needs of a release. */
export interface CloudModel {
  readonly release: string;
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** Cosine. */
  readonly threshold: number;
  readonly student: Student;
  /** What the student makes of features without a face, which are nothing or noise; null if that has no direction. */
  readonly nobody: Embedding | null;
  readonly keyed: KeyedModel;
}

/** What the cloud needs to know of keyed mode, whose networks run in the browser. */
export interface KeyedModel {
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** Cosine. */
  readonly threshold: number;
}

/**
 * Reads manifest.json and the student of a folder.
 *
 * @throws model_missing if a file is not there, model_hash_wrong if the student is not the one the manifest names, model_invalid if
 *   either does not fit this version
 */
export async function loadCloudModel(folder: string): Promise<CloudModel> {
  const manifest = readManifest(await read(folder, 'manifest.json'));
  const student = await loadNetwork(folder, manifest.student);
  return {
    release: manifest.release,
    model: fromHex(manifest.model, MODEL_VERSION_BYTES),
    threshold: manifest.threshold.value,
    student,
    nobody: await nobodyOf(student),
    keyed: {
      model: fromHex(manifest.keyed.model, MODEL_VERSION_BYTES),
      threshold: manifest.keyed.threshold.value,
    },
  };
}

async function nobodyOf(student: Student): Promise<Embedding | null> {
  const nothing = { steps: new Int8Array(FEATURE_VALUES), scales: new Float32Array(FEATURE_CHANNELS).fill(1) };
  const [vector] = await student([nothing]);
  return vector?.some((value) => value !== 0) ? unit(vector) : null;
}

/**
 * Loads one network of a folder, which has the student's inputs and outputs.
 *
 * @throws model_missing, model_hash_wrong, model_invalid
 */
export async function loadNetwork(
  folder: string,
  { file, bytes, sha256 }: z.infer<typeof networkSchema>,
): Promise<Student> {
  const weights = await read(folder, file);
  if (weights.length !== bytes) {
    throw new XnnError('model_hash_wrong', `${file} has ${weights.length} bytes, the manifest says ${bytes}`);
  }
  const hash = createHash('sha256').update(weights).digest('hex');
  if (hash !== sha256) {
    throw new XnnError('model_hash_wrong', `${file} has SHA-256 ${hash}, the manifest says ${sha256}`);
  }
  return createStudent(weights);
}

function readManifest(bytes: Uint8Array): z.infer<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new XnnError('model_invalid', 'models/manifest.json is not a manifest of this version', { cause });
  }
}

/** Threads that have nothing to compute sleep, and leave their core to the server. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 2,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
};

/** An ONNX network with inputs `steps` int8 [n, 14, 14, 128] and `scales` [n, 128] and output `embedding` [n, 128], as a student. */
async function createStudent(weights: Uint8Array): Promise<Student> {
  const session = await InferenceSession.create(weights, SESSION_OPTIONS).catch((cause: unknown) => {
    throw new XnnError('model_invalid', 'the student is not a network that onnxruntime can run', { cause });
  });
  if (session.inputNames.toSorted().join() !== 'scales,steps' || session.outputNames.join() !== 'embedding') {
    throw new XnnError('model_invalid', `inputs ${session.inputNames.join()}, outputs ${session.outputNames.join()}`);
  }
  return async (batch) => {
    const steps = new Int8Array(batch.length * FEATURE_VALUES);
    const scales = new Float32Array(batch.length * FEATURE_CHANNELS);
    for (const [i, features] of batch.entries()) {
      steps.set(features.steps, i * FEATURE_VALUES);
      scales.set(features.scales, i * FEATURE_CHANNELS);
    }
    const { embedding } = await session.run({
      steps: new Tensor('int8', steps, [batch.length, FEATURE_SIZE, FEATURE_SIZE, FEATURE_CHANNELS]),
      scales: new Tensor('float32', scales, [batch.length, FEATURE_CHANNELS]),
    });
    const values = embedding?.data;
    if (!(values instanceof Float32Array) || values.length !== batch.length * EMBEDDING_SIZE) {
      throw new XnnError('model_invalid', `an embedding of shape [${embedding?.dims.join()}]`);
    }
    return batch.map((_, i) => values.slice(i * EMBEDDING_SIZE, (i + 1) * EMBEDDING_SIZE));
  };
}

async function read(folder: string, file: string): Promise<Uint8Array> {
  return await readFile(join(folder, file)).catch((cause: unknown) => {
    throw new XnnError('model_missing', `${file} cannot be read from ${folder}`, { cause });
  });
}
