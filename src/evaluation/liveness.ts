import { TENANT_BYTES } from '../core/spec.js';
import type { ErrorCode } from '../core/errors.js';
import { runInBrowser } from './browser.js';
import type { Dataset, Image } from './dataset.js';
import { ANGLES, SPECIES, SURFACES, type LivenessReport, type Played, type Species } from './task.js';

/** What came of one photo: a report, or why it could not be begun with. */
export type Staged = LivenessReport | { readonly code: ErrorCode };

interface Rate {
  readonly presentations: number;
  /** Those that passed. */
  readonly passed: number;
  /** APCER of an attack, BPCER of people; null without presentations. */
  readonly rate: number | null;
  /** How those that did not pass ended. */
  readonly refused: Readonly<Record<string, number>>;
  /** Median time, in s. */
  readonly seconds: number | null;
  /** Least likeness (cosine) within a check: smallest, median and largest over the presentations. */
  readonly likeness: readonly (number | null)[];
}

/** The first picture of each of so many people, spread evenly over the set. */
export function onePerPerson({ images }: Dataset, people: number): readonly Image[] {
  const firsts = images.filter(({ identity }, i) => images.findIndex((image) => image.identity === identity) === i);
  const most = Math.min(people, firsts.length);
  return Array.from({ length: most }, (_, i) => firsts[Math.floor((i * firsts.length) / most)]!);
}

/** Plays every species with every photo. @throws what the page's start throws */
export async function playLiveness(
  images: readonly Image[],
  onProgress: (done: number) => void,
): Promise<readonly Staged[]> {
  const results: Staged[] = [];
  let done = 0;
  await runInBrowser({
    output: 'liveness',
    backend: 'wasm',
    tenant: '00'.repeat(TENANT_BYTES),
    images: images.map(({ file }) => file),
    onStart() {},
    onResult(index, result) {
      results[index] =
        'code' in result
          ? { code: result.code }
          : (JSON.parse(new TextDecoder().decode(result.bytes)) as LivenessReport);
      onProgress(++done);
    },
  });
  return results;
}

export function reportLiveness(results: readonly Staged[]) {
  const played = results.filter((result) => 'played' in result);
  const leftOut = countsOf(results.flatMap((result) => ('code' in result ? [result.code] : [])));
  const of = (species: Species) =>
    rateOf(
      species,
      played.flatMap(({ played }) => played[species] ?? []),
    );
  return {
    photos: played.length,
    leftOut,
    species: Object.fromEntries(SPECIES.map((species) => [species, of(species)])),
    angles: Object.fromEntries(
      SURFACES.map((surface) => [
        surface,
        ANGLES.map((angle, i) => ({ angle, ...spreadOf(played.map(({ angles }) => angles[surface][i] ?? null)) })),
      ]),
    ),
  };
}

function rateOf(species: Species, played: readonly Played[]): Rate {
  const passed = played.filter(({ outcome }) => outcome === 'passed').length;
  const wrong = species === 'genuine' ? played.length - passed : passed;
  return {
    presentations: played.length,
    passed,
    rate: played.length === 0 ? null : wrong / played.length,
    refused: countsOf(played.flatMap(({ outcome }) => (outcome === 'passed' ? [] : [outcome]))),
    seconds: quantile(
      played.map(({ seconds }) => seconds),
      0.5,
    ),
    likeness: [0, 0.5, 1].map((part) =>
      quantile(
        played.map(({ likeness }) => likeness),
        part,
      ),
    ),
  };
}

/** Median and the middle nine tenths, in degrees, of angles that were seen. */
function spreadOf(angles: readonly (number | null)[]) {
  const seen = angles.filter((angle) => angle !== null);
  return {
    unseen: angles.length - seen.length,
    median: quantile(seen, 0.5),
    low: quantile(seen, 0.05),
    high: quantile(seen, 0.95),
  };
}

function quantile(values: readonly number[], part: number): number | null {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))] ?? null;
}

function countsOf(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
