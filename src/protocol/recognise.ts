import { XnnError } from '../core/errors.js';
import { unit, type Embedding } from '../core/match.js';
import type { QuantisedFeatures } from '../core/quantise.js';
import { decodeMessage, MESSAGE_BYTES, type Message } from '../wire/message.js';

/** S of the paper: quantised z̃ to one vector [128] each, not yet of unit length. */
export type Student = (batch: readonly QuantisedFeatures[]) => Promise<readonly Float32Array[]>;

/** What this cloud serves. */
export interface Served {
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** 16 bytes. */
  readonly tenant: Uint8Array;
}

/**
 * Reads the messages of one request: one to `most` of them, one after another, all under one challenge.
 *
 * @throws what `decodeMessage` throws, and model_unsupported, tenant_unknown, challenge_invalid
 */
export function readMessages(body: Uint8Array, served: Served, most: number = 1): readonly [Message, ...Message[]] {
  if (body.length > most * MESSAGE_BYTES) throw new XnnError('message_too_long', `more than ${most} messages`);
  const first = decodeMessage(body.length <= MESSAGE_BYTES ? body : body.subarray(0, MESSAGE_BYTES));
  const messages: [Message, ...Message[]] = [first];
  for (let at = MESSAGE_BYTES; at < body.length; at += MESSAGE_BYTES) {
    messages.push(decodeMessage(body.subarray(at, at + MESSAGE_BYTES)));
  }
  for (const message of messages) {
    if (!equal(message.model, served.model)) throw new XnnError('model_unsupported');
    if (!equal(message.tenant, served.tenant)) throw new XnnError('tenant_unknown');
    if (!equal(message.challenge, first.challenge)) throw new XnnError('challenge_invalid', 'of several challenges');
  }
  return messages;
}

/** The cloud's half: messages to unit embeddings [128]. */
export async function recognise(student: Student, messages: readonly Message[]): Promise<readonly Embedding[]> {
  const vectors = await student(messages.map(({ features }) => features));
  return vectors.map(unit);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
