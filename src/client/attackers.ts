import { XnnError } from '../core/errors.js';
import { foldScales } from '../core/foreign-judge.js';
import type { Weights } from '../core/layers.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import type { ForeignJudge } from '../protocol/attack.js';
import * as tf from '@tensorflow/tfjs-core';
import {
  checkedEntry,
  decode,
  fields,
  forgetOthers,
  isHex,
  loadNetworks,
  newestManifest,
  type ModelFiles,
  type ModelSource,
  type NetworkEntry,
} from './models.js';
import type { Linkable, Measured, MeasuredJudge, MeasuredLinker, Strangers } from './attack.js';

/** What attackers read. */
export type Attacked = 'clean' | 'xnn-d';

/** The released painters, on the current tfjs backend. */
export interface Painters {
  readonly weights: Readonly<Record<Attacked, Weights>>;
  readonly measured: Readonly<Record<Attacked, Measured>>;
  /** Cosine from which the judge takes two faces for one person. */
  readonly threshold: number;
  readonly strangers: readonly Strangers[];
}

/** The released linkage attacker, on the current tfjs backend: a tail that reads what is sent as T reads clean features. */
export interface Linker {
  readonly weights: Weights;
  /** Clean features are read by T itself. */
  readonly linkable: Readonly<Record<Attacked, Linkable>>;
  readonly measured: MeasuredLinker;
}

/** The foreign judge, on the current tfjs backend. */
export interface LoadedJudge extends ForeignJudge {
  /** Cosine from which he takes two faces for one person. */
  readonly threshold: number;
  readonly strangers: readonly Strangers[];
  readonly measured: MeasuredJudge;
}

interface Manifest {
  /** Versions of the networks that are attacked, and of those that judge. */
  readonly model: string;
  readonly judge: { readonly model: string; readonly threshold: number; readonly strangers: readonly Strangers[] };
  readonly painters: Readonly<Record<Attacked, NetworkEntry & { readonly measured: Measured }>>;
  readonly linker: NetworkEntry & {
    readonly linkable: Readonly<Record<Attacked, Linkable>>;
    readonly measured: MeasuredLinker;
  };
}

/** Versions of the networks that run. */
type Versions = Pick<ModelFiles, 'model' | 'keyedModel'>;

/**
 * Loads the painters and puts them on the current tfjs backend.
 *
 * @param onProgress called with the part that is here, in [0, 1]
 * @throws model_missing, model_invalid, model_hash_wrong, model_unsupported if they attack another release
 */
export async function loadPainters(
  source: ModelSource,
  versions: Versions,
  onProgress: (fraction: number) => void,
): Promise<Painters> {
  const { judge, painters } = await currentManifest(source, versions);
  const [clean, noisy] = await loadNetworks(source, [painters.clean, painters['xnn-d']], onProgress);
  return {
    weights: { clean: decode(clean!), 'xnn-d': decode(noisy!) },
    measured: { clean: painters.clean.measured, 'xnn-d': painters['xnn-d'].measured },
    threshold: judge.threshold,
    strangers: judge.strangers,
  };
}

/** Loads the linkage attacker, in all else as `loadPainters`. */
export async function loadLinker(
  source: ModelSource,
  versions: Versions,
  onProgress: (fraction: number) => void,
): Promise<Linker> {
  const { linker } = await currentManifest(source, versions);
  const [file] = await loadNetworks(source, [linker], onProgress);
  return { weights: decode(file!), linkable: linker.linkable, measured: linker.measured };
}

/**
 * Loads the foreign judge, who belongs to no release of ours, and puts him on the current tfjs backend.
 *
 * @param source of his own files
 * @param onProgress as in `loadPainters`
 * @throws model_missing, model_invalid, model_hash_wrong
 */
export async function loadForeignJudge(
  source: ModelSource,
  onProgress: (fraction: number) => void,
): Promise<LoadedJudge> {
  const { manifest, keep } = await newestManifest(source);
  const { network, ...judge } = checkedJudge(manifest);
  const [file] = await loadNetworks(source, [network], onProgress);
  await keep();
  await forgetOthers(source, [network]);
  const weights = decode(file!);
  try {
    return { ...judge, weights: foldScales(weights) };
  } finally {
    tf.dispose(weights);
  }
}

/** @throws model_missing, model_invalid, model_unsupported */
async function currentManifest(source: ModelSource, versions: Versions): Promise<Manifest> {
  const seen = await newestManifest(source);
  const manifest = checked(seen.manifest);
  const { model, judge, painters, linker } = manifest;
  if (model !== versions.model || judge.model !== versions.keyedModel) throw new XnnError('model_unsupported', model);
  await seen.keep();
  await forgetOthers(source, [...Object.values(painters), linker]);
  return manifest;
}

/** Smallest known share of strangers that reach a likeness; null if more than all known ones do. */
export function strangersAt(strangers: readonly Strangers[], likeness: number): number | null {
  const reached = strangers.filter((known) => likeness >= known.likeness).map(({ share }) => share);
  return reached.length === 0 ? null : Math.min(...reached);
}

function checked(value: unknown): Manifest {
  const { model, judge, painters, linker } = fields(value, 'manifest');
  const { model: judges, threshold, strangers } = fields(judge, 'judge');
  if (!isHex(model, 16) || !isHex(judges, 16)) throw new XnnError('model_invalid', 'model');
  const named = fields(painters, 'painters');
  const painter = (name: Attacked) => ({
    ...checkedEntry(named[name]),
    measured: numbers(fields(named[name], name)['measured'], 'epochs', 'ssim', 'psnr', 'verified'),
  });
  const { linkable, measured, heldOut } = fields(linker, 'linker');
  const { pairs } = numbers(measured, 'pairs');
  const links = fields(linkable, 'linkable');
  const linkableFrom = (name: Attacked) => numbers(links[name], 'threshold', 'right', 'linked', 'mistaken');
  return {
    model,
    judge: {
      model: judges,
      ...numbers({ threshold }, 'threshold'),
      strangers: checkedStrangers(strangers),
    },
    painters: { clean: painter('clean'), 'xnn-d': painter('xnn-d') },
    linker: {
      ...checkedEntry(linker),
      linkable: { clean: linkableFrom('clean'), 'xnn-d': linkableFrom('xnn-d') },
      measured: { pairs, ...numbers(heldOut, 'fmr', 'people', 'impostors') },
    },
  };
}

function checkedJudge(value: unknown): Omit<LoadedJudge, 'weights'> & { readonly network: NetworkEntry } {
  const { network, mean, threshold, strangers, heldOut, lfw } = fields(value, 'manifest');
  if (!Array.isArray(mean) || mean.length !== EMBEDDING_SIZE || !mean.every(Number.isFinite)) {
    throw new XnnError('model_invalid', 'mean');
  }
  return {
    network: checkedEntry(network),
    mean: Float32Array.from(mean as number[]),
    ...numbers({ threshold }, 'threshold'),
    strangers: checkedStrangers(strangers),
    measured: { ...numbers(heldOut, 'fmr', 'people', 'impostors'), ...numbers(lfw, 'accepted', 'mistaken') },
  };
}

function checkedStrangers(value: unknown): Strangers[] {
  if (!Array.isArray(value)) throw new XnnError('model_invalid', 'strangers');
  return value.map((known) => numbers(known, 'share', 'likeness'));
}

/** Fields that are finite numbers, and no other. @throws model_invalid */
function numbers<Name extends string>(value: unknown, ...names: readonly Name[]): Readonly<Record<Name, number>> {
  const given = fields(value, names.join(', '));
  const checked = names.map((name) => {
    const number = given[name];
    if (typeof number !== 'number' || !Number.isFinite(number)) throw new XnnError('model_invalid', name);
    return [name, number] as const;
  });
  return Object.fromEntries(checked) as Record<Name, number>;
}
