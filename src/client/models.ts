import * as tf from '@tensorflow/tfjs-core';
import { XnnError } from '../core/errors.js';
import type { Weights } from '../core/layers.js';
import type { BrowserModel } from '../protocol/protect.js';
import { toHex } from '../wire/hex.js';
import { download, type Fetch } from './download.js';

/** Where models come from. */
export interface ModelSource {
  /** Address of the folder that holds manifest.json, with a slash at the end. */
  readonly url: string;
  readonly fetch: Fetch;
  /** Where verified weights are kept from one visit to the next; null where the browser keeps nothing. */
  readonly cache: Pick<Cache, 'match' | 'put' | 'delete' | 'keys'> | null;
}

/** Name of the cache that every worker keeps the released model in. The page may be another's, who has caches too. */
export const MODEL_CACHE = 'xnn models';

/** One network as it lies in its files. */
interface NetworkFile {
  readonly specs: tf.io.WeightsManifestEntry[];
  /** Checked against the manifest's hash. */
  readonly weights: ArrayBuffer;
}

/** A released model, verified but not decoded. */
export interface ModelFiles {
  /** For people ("1.0.0"). */
  readonly release: string;
  /** Model version, 16 hexadecimal digits. */
  readonly model: string;
  /** The same of encoder and tail, for keyed mode. */
  readonly keyedModel: string;
  readonly encoder: NetworkFile;
  readonly generator: NetworkFile;
}

export interface NetworkEntry {
  readonly topology: string;
  readonly weights: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the topology, which says which bytes are which weight. */
  readonly topologySha256: string;
}

interface Manifest {
  readonly release: string;
  readonly model: string;
  readonly keyedModel: string;
  readonly networks: Readonly<Record<'encoder' | 'generator' | 'tail', NetworkEntry>>;
}

/**
 * Loads the released model: the manifest from the network if it answers, else as last seen; weights from the cache if they are there.
 *
 * @param onProgress called with the part of the weights that is here, in [0, 1]
 * @throws model_missing, model_invalid, model_hash_wrong
 */
export async function loadModel(source: ModelSource, onProgress: (fraction: number) => void): Promise<ModelFiles> {
  const { manifest, keep } = await newestManifest(source);
  const { release, model, keyedModel, networks } = checkedManifest(manifest);
  const [encoder, generator] = await loadNetworks(source, [networks.encoder, networks.generator], onProgress);
  await keep();
  await forgetOthers(source, Object.values(networks));
  return { release, model, keyedModel, encoder: encoder!, generator: generator! };
}

/** Puts the weights on the current tfjs backend. @throws model_invalid */
export function decodeModel({ encoder, generator }: ModelFiles): BrowserModel {
  return { encoder: decode(encoder), generator: decode(generator) };
}

/**
 * Loads keyed mode's tail, which other modes do not need, and puts it on the current tfjs backend.
 *
 * @param keyedModel of the encoder that runs
 * @param onProgress called with the part that is here, in [0, 1]
 * @throws model_missing, model_invalid, model_hash_wrong, model_unsupported if another release has come meanwhile
 */
export async function loadTail(
  source: ModelSource,
  keyedModel: string,
  onProgress: (fraction: number) => void = () => {},
): Promise<Weights> {
  const manifest = checkedManifest((await newestManifest(source)).manifest);
  if (manifest.keyedModel !== keyedModel) throw new XnnError('model_unsupported', manifest.keyedModel);
  return decode((await loadNetworks(source, [manifest.networks.tail], onProgress))[0]!);
}

/** Puts one network's weights on the current tfjs backend. @throws model_invalid */
export function decode({ specs, weights }: NetworkFile): Weights {
  try {
    return tf.io.decodeWeights(weights, specs);
  } catch (cause) {
    throw new XnnError('model_invalid', 'the weights do not fit their description', { cause });
  }
}

/** A manifest, not checked. `keep` it when its networks are here, too: without a line the last one whose are is of use. */
interface Seen {
  readonly manifest: unknown;
  readonly keep: () => Promise<void>;
}

/** The manifest of a folder, from the network if it answers, else as it was kept. @throws model_missing, model_invalid */
export async function newestManifest({ url, fetch, cache }: ModelSource): Promise<Seen> {
  const address = `${url}manifest.json`;
  const fresh = await fetch(address, { cache: 'no-cache' }).catch(() => null);
  if (fresh?.ok) {
    const text = await fresh.text();
    const keep = async () => cache?.put(address, new Response(text)).catch(keptNothing);
    return { manifest: parsed(text), keep };
  }
  const kept = await cache?.match(address);
  if (kept === undefined) throw new XnnError('model_missing', address);
  return { manifest: parsed(await kept.text()), keep: async () => {} };
}

/**
 * Networks of a folder, in their order.
 *
 * @param onProgress called with the part of the weights that is here, in [0, 1]
 * @throws model_missing, model_invalid, model_hash_wrong
 */
export async function loadNetworks(
  source: ModelSource,
  entries: readonly NetworkEntry[],
  onProgress: (fraction: number) => void,
): Promise<NetworkFile[]> {
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  let received = 0;
  const onBytes = (count: number) => onProgress(Math.min(1, (received += count) / total));
  const files: NetworkFile[] = [];
  for (const entry of entries) files.push(await loadNetwork(source, entry, onBytes));
  onProgress(1);
  return files;
}

async function loadNetwork(
  source: ModelSource,
  entry: NetworkEntry,
  onBytes: (n: number) => void,
): Promise<NetworkFile> {
  const weights = await keptOr(source, entry.weights, entry.sha256, onBytes);
  if (weights.byteLength !== entry.bytes) throw new XnnError('model_hash_wrong', `${entry.weights} is not of its size`);
  const topology = await keptOr(source, entry.topology, entry.topologySha256, () => {});
  return { weights, specs: checkedSpecs(parsed(new TextDecoder().decode(topology)), weights.byteLength) };
}

/** A file of a network, from the cache if it is there as the manifest says. Keeps nothing else. */
async function keptOr(
  { url, fetch, cache }: ModelSource,
  name: string,
  sha256: string,
  onBytes: (count: number) => void,
): Promise<ArrayBuffer> {
  const isRight = async (bytes: ArrayBuffer) =>
    toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) === sha256;
  const key = keyOf(url, name, sha256);
  const kept = await (await cache?.match(key))?.arrayBuffer();
  if (kept !== undefined && (await isRight(kept))) return kept;
  const bytes = await download(fetch, url + name, onBytes);
  if (!(await isRight(bytes))) throw new XnnError('model_hash_wrong', name);
  await cache?.put(key, new Response(bytes)).catch(keptNothing);
  return bytes;
}

/** Where a file is kept: its address and its hash. */
function keyOf(url: string, name: string, sha256: string): string {
  return `${url}${name}?sha256=${sha256}`;
}

/** Takes networks that are none of these out of the cache. */
export async function forgetOthers({ url, cache }: ModelSource, entries: readonly NetworkEntry[]): Promise<void> {
  if (cache === null) return;
  const current = entries.flatMap(({ weights, sha256, topology, topologySha256 }) => [
    keyOf(url, weights, sha256),
    keyOf(url, topology, topologySha256),
  ]);
  for (const { url: key } of await cache.keys()) {
    if (key.includes('?sha256=') && !current.includes(key)) await cache.delete(key);
  }
}

/** A full cache is no reason to stop: the next visit downloads again. */
function keptNothing(): void {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new XnnError('model_invalid', 'not JSON', { cause });
  }
}

function checkedManifest(value: unknown): Manifest {
  const { release, model, keyedModel, networks } = fields(value, 'manifest');
  const { encoder, generator, tail } = fields(networks, 'networks');
  if (typeof release !== 'string') throw new XnnError('model_invalid', 'release');
  if (!isHex(model, 16) || !isHex(keyedModel, 16)) throw new XnnError('model_invalid', 'model');
  return {
    release,
    model,
    keyedModel,
    networks: { encoder: checkedEntry(encoder), generator: checkedEntry(generator), tail: checkedEntry(tail) },
  };
}

export function checkedEntry(value: unknown): NetworkEntry {
  const { topology, weights, bytes, sha256, topologySha256 } = fields(value, 'network');
  if (!isFileName(topology) || !isFileName(weights)) throw new XnnError('model_invalid', 'file name');
  if (!Number.isSafeInteger(bytes) || typeof bytes !== 'number' || bytes <= 0)
    throw new XnnError('model_invalid', 'bytes');
  if (!isHex(sha256, 64) || !isHex(topologySha256, 64)) throw new XnnError('model_invalid', 'sha256');
  return { topology, weights, bytes, sha256, topologySha256 };
}

/** How a value may be in a file, and the bytes of it there. Decoded, all are float32. */
const STORED = { float32: 4, float16: 2, uint8: 1 } as const;

/** The weights' description, ours or a bare manifest of tfjs, which must account for every byte. */
function checkedSpecs(value: unknown, bytes: number): tf.io.WeightsManifestEntry[] {
  const groups = Array.isArray(value) ? (value as unknown[]) : groupsOf(value);
  const specs = groups.flatMap((group) => {
    const { weights } = fields(group, 'group');
    return Array.isArray(weights) ? weights.map(checkedSpec) : [];
  });
  const size = specs.reduce((sum, [{ shape }, stored]) => sum + STORED[stored] * tf.util.sizeFromShape(shape), 0);
  if (size !== bytes) throw new XnnError('model_invalid', `the topology describes ${size} of ${bytes} bytes`);
  return specs.map(([spec]) => spec);
}

function groupsOf(topology: unknown): unknown[] {
  const { format, weightsManifest } = fields(topology, 'topology');
  if (format !== 'tfjs-weights' || !Array.isArray(weightsManifest)) throw new XnnError('model_invalid', 'topology');
  return weightsManifest;
}

function checkedSpec(value: unknown): [tf.io.WeightsManifestEntry, keyof typeof STORED] {
  const { name, shape, dtype, quantization } = fields(value, 'weight');
  const isShape = (sizes: unknown): sizes is number[] =>
    Array.isArray(sizes) && sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (typeof name !== 'string' || !isShape(shape)) throw new XnnError('model_invalid', 'name or shape of a weight');
  if (dtype !== 'float32') throw new XnnError('model_invalid', `${name} is not float32`);
  if (quantization === undefined) return [{ name, shape, dtype }, 'float32'];
  const { dtype: stored, scale, min } = fields(quantization, name);
  if (stored === 'float16') return [{ name, shape, dtype, quantization: { dtype: stored } }, stored];
  if (stored !== 'uint8' || typeof scale !== 'number' || typeof min !== 'number')
    throw new XnnError('model_invalid', `${name} is neither float16 nor uint8 on a scale`);
  return [{ name, shape, dtype, quantization: { dtype: stored, scale, min } }, stored];
}

export function fields(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new XnnError('model_invalid', name);
  return value as Record<string, unknown>;
}

export function isHex(value: unknown, digits: number): value is string {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value);
}

function isFileName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]+\.[\w.-]+$/.test(value);
}
