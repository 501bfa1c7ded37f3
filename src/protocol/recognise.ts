import { XnnError } from '../core/errors.js';
import { unit, type Embedding } from '../core/match.js';
import type { QuantisedFeatures } from '../core/quantise.js';
import {
  decodeKeyedMessage,
  decodeMessage,
  decodeXnnMessage,
  KEYED_MESSAGE_BYTES,
  MESSAGE_BYTES,
  XNN_MESSAGE_BYTES,
  type KeyedMessage,
  type Message,
  type MessageHeader,
  type XnnMessage,
} from '../wire/message.js';

/** S of the paper: quantised z̃ to one vector [128] each, not yet of unit length. */
export type Student = (batch: readonly QuantisedFeatures[]) => Promise<readonly Float32Array[]>;

/** What this cloud serves. */
export interface Served {
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** 16 bytes. */
  readonly tenant: Uint8Array;
}

/** One or more, all under one challenge. */
export type Messages<M extends MessageHeader> = readonly [M, ...M[]];

/**
 * Reads the messages of one request: one to `most` of them, one after another, all under one challenge.
 *
 * @throws what `decodeMessage` throws, and model_unsupported, tenant_unknown, challenge_invalid
 */
export function readMessages(body: Uint8Array, served: Served, most: number = 1): Messages<Message> {
  return readAll(body, decodeMessage, MESSAGE_BYTES, served, most);
}

/** Reads messages of XNN, likewise. */
export function readXnnMessages(body: Uint8Array, served: Served, most: number = 1): Messages<XnnMessage> {
  return readAll(body, decodeXnnMessage, XNN_MESSAGE_BYTES, served, most);
}

/** Reads messages in keyed mode, likewise. */
export function readKeyedMessages(body: Uint8Array, served: Served, most: number = 1): Messages<KeyedMessage> {
  return readAll(body, decodeKeyedMessage, KEYED_MESSAGE_BYTES, served, most);
}

function readAll<M extends MessageHeader>(
  body: Uint8Array,
  decode: (bytes: Uint8Array) => M,
  size: number,
  served: Served,
  most: number,
): Messages<M> {
  if (body.length > most * size) throw new XnnError('message_too_long', `more than ${most} messages`);
  const first = decode(body.length <= size ? body : body.subarray(0, size));
  const messages: [M, ...M[]] = [first];
  for (let at = size; at < body.length; at += size) messages.push(decode(body.subarray(at, at + size)));
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

/** The cloud's half in keyed mode: under its owner's key a descriptor is compared as it is. Messages to unit embeddings [128]. */
export function embeddingsOf(messages: readonly KeyedMessage[]): readonly Embedding[] {
  return messages.map(({ descriptor }) => unit(Float32Array.from(descriptor)));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
