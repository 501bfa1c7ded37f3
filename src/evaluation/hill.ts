import { similarity, template, type Embedding } from '../core/match.js';
import { FEATURE_VALUES } from '../core/spec.js';
import { asPerturbed } from '../core/features.js';
import { readMessages, recognise, type Served, type Student } from '../protocol/recognise.js';
import { encodeMessage } from '../wire/message.js';

/** The public interface without its limits: one gallery, one person enrolled, verdicts only. What an attacker does not see is for the referee. */
export interface Interface {
  /** Whether the cloud takes features [14, 14, 128], sent as a message, for the person. */
  verify(values: Float32Array): Promise<boolean>;
  /** The same with the score that the product does not give: to show that the climber climbs where there is a slope. */
  score(values: Float32Array): Promise<number>;
  /** Highest score of any try so far. */
  readonly highest: number;
}

/** @param captures features of the person as messages carry them, which are averaged into a template */
export async function openInterface(
  student: Student,
  served: Served,
  threshold: number,
  captures: readonly Float32Array[],
): Promise<Interface> {
  const challenge = new Uint8Array(16);
  const shown = async (values: Float32Array): Promise<Embedding> => {
    const body = encodeMessage({ ...served, challenge }, asPerturbed(values));
    const [embedding] = await recognise(student, readMessages(body, served));
    return embedding!;
  };
  const enrolled = template(await Promise.all(captures.map(shown)), -1);
  let highest = -1;
  const score = async (values: Float32Array) => {
    const found = similarity(enrolled, await shown(values));
    highest = Math.max(highest, found);
    return found;
  };
  return {
    score,
    verify: async (values) => (await score(values)) >= threshold,
    get highest() {
      return highest;
    },
  };
}

/** What came of a number of tries. */
export interface Tries {
  readonly tries: number;
  /** Number of the first try that was accepted, from 1; null if none was. */
  readonly acceptedAt: number | null;
}

/**
 * Climbs in the space that other people's clean features span: a try mixes them, and the next one changes the mixture a little and stays
 * where the answer is no worse. With verdicts alone every refusal is as good as the other, so that it wanders.
 *
 * @param ask what the interface answers, as a number: larger is better
 * @param isAccepted whether such an answer ends the attack
 * @param normal standard normal numbers, as many as asked for
 */
export async function climb(
  ask: (values: Float32Array) => Promise<number>,
  isAccepted: (answer: number) => boolean,
  others: readonly Float32Array[],
  tries: number,
  normal: (count: number) => Float32Array,
): Promise<Tries> {
  let best: { weights: Float32Array; answer: number } | null = null;
  for (let number = 1; number <= tries; number++) {
    const weights: Float32Array =
      best === null ? ofLengthOne(normal(others.length)) : stepped(best.weights, normal(others.length));
    const answer = await ask(mixed(others, weights));
    if (isAccepted(answer)) return { tries: number, acceptedAt: number };
    if (best === null || answer >= best.answer) best = { weights, answer };
  }
  return { tries, acceptedAt: null };
}

/** Shows one face after another, each once. */
export async function showAll(verify: Interface['verify'], faces: readonly Float32Array[]): Promise<Tries> {
  for (const [i, face] of faces.entries()) if (await verify(face)) return { tries: i + 1, acceptedAt: i + 1 };
  return { tries: faces.length, acceptedAt: null };
}

/** Length of a step between mixtures' weights, which have length 1. */
const STEP = 0.3;

function stepped(weights: Float32Array, direction: Float32Array): Float32Array {
  const size = Math.hypot(...direction);
  return ofLengthOne(weights.map((weight, i) => weight + (STEP * direction[i]!) / size));
}

function ofLengthOne(weights: Float32Array): Float32Array {
  const length = Math.hypot(...weights);
  return weights.map((weight) => weight / length);
}

/** A mixture as strong as a face: of mean square 1. */
function mixed(faces: readonly Float32Array[], weights: Float32Array): Float32Array {
  const sum = new Float32Array(FEATURE_VALUES);
  faces.forEach((face, which) => {
    const weight = weights[which]!;
    for (let i = 0; i < FEATURE_VALUES; i++) sum[i]! += weight * face[i]!;
  });
  const power = sum.reduce((total, value) => total + value * value, 0) / FEATURE_VALUES;
  return sum.map((value) => value / Math.sqrt(power || 1));
}
