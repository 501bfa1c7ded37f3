import { XnnError } from '../core/errors.js';
import type { Weights } from '../core/layers.js';
import {
  checkedEntry,
  decode,
  fields,
  forgetOthers,
  isHex,
  loadNetwork,
  newestManifest,
  type ModelSource,
  type NetworkEntry,
} from './models.js';
import type { Measured, Strangers } from './attack.js';

/** What the attackers were trained on, which is what they can read. */
export const ATTACKED = ['clean', 'xnn-d'] as const;
export type Attacked = (typeof ATTACKED)[number];

/** The released attackers, on the current tfjs backend. */
export interface Attackers {
  readonly painters: Readonly<Record<Attacked, Weights>>;
  readonly measured: Readonly<Record<Attacked, Measured>>;
  /** Cosine from which the judge takes two faces for one person. */
  readonly threshold: number;
  readonly strangers: readonly Strangers[];
}

interface Manifest {
  /** Versions of the networks that are attacked, and of those that judge. */
  readonly model: string;
  readonly judge: { readonly model: string; readonly threshold: number; readonly strangers: readonly Strangers[] };
  readonly attackers: Readonly<Record<Attacked, NetworkEntry & { readonly measured: Measured }>>;
}

/**
 * Loads the attackers and puts them on the current tfjs backend.
 *
 * @param onProgress called with the part that is here, in [0, 1]
 * @param versions of the encoder that runs
 * @throws model_missing, model_invalid, model_hash_wrong, model_unsupported if they attack another release
 */
export async function loadAttackers(
  source: ModelSource,
  versions: { readonly model: string; readonly keyedModel: string },
  onProgress: (fraction: number) => void,
): Promise<Attackers> {
  const { model, judge, attackers } = checked(await newestManifest(source));
  if (model !== versions.model || judge.model !== versions.keyedModel) throw new XnnError('model_unsupported', model);
  const entries = ATTACKED.map((name) => attackers[name]);
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  let received = 0;
  const onBytes = (count: number) => onProgress(Math.min(1, (received += count) / total));
  const [clean, noisy] = await Promise.all(entries.map((entry) => loadNetwork(source, entry, onBytes)));
  await forgetOthers(source, entries);
  onProgress(1);
  return {
    painters: { clean: decode(clean!), 'xnn-d': decode(noisy!) },
    measured: { clean: attackers.clean.measured, 'xnn-d': attackers['xnn-d'].measured },
    threshold: judge.threshold,
    strangers: judge.strangers,
  };
}

/** Smallest known share of strangers that reach a likeness; null if more than all known ones do. */
export function strangersAt(strangers: readonly Strangers[], likeness: number): number | null {
  const reached = strangers.filter((known) => likeness >= known.likeness).map(({ share }) => share);
  return reached.length === 0 ? null : Math.min(...reached);
}

function checked(value: unknown): Manifest {
  const { model, judge, attackers } = fields(value, 'manifest');
  const { model: judges, threshold, strangers } = fields(judge, 'judge');
  if (!isHex(model, 16) || !isHex(judges, 16)) throw new XnnError('model_invalid', 'model');
  if (typeof threshold !== 'number') throw new XnnError('model_invalid', 'threshold');
  if (!Array.isArray(strangers)) throw new XnnError('model_invalid', 'strangers');
  const named = fields(attackers, 'attackers');
  const entry = (name: Attacked) => ({
    ...checkedEntry(named[name]),
    measured: checkedMeasured(fields(named[name], name)['measured']),
  });
  return {
    model,
    judge: { model: judges, threshold, strangers: strangers.map(checkedStrangers) },
    attackers: { clean: entry('clean'), 'xnn-d': entry('xnn-d') },
  };
}

function checkedStrangers(value: unknown): Strangers {
  const { share, likeness } = fields(value, 'strangers');
  if (typeof share !== 'number' || typeof likeness !== 'number') throw new XnnError('model_invalid', 'strangers');
  return { share, likeness };
}

function checkedMeasured(value: unknown): Measured {
  const { epochs, ssim, psnr, verified } = fields(value, 'measured');
  const numbers = { epochs, ssim, psnr, verified };
  if (!Object.values(numbers).every((number) => typeof number === 'number'))
    throw new XnnError('model_invalid', 'measured');
  return numbers as Measured;
}
