import { CHALLENGE_BYTES, MODEL_VERSION_BYTES, TENANT_BYTES } from '../core/spec.js';
import { XnnError } from '../core/errors.js';
import type { PerturbedFeatures } from '../core/features.js';
import type { KeyedDescriptor } from '../core/keyed.js';
import type { QuantisedFeatures } from '../core/quantise.js';
import type { ObfuscatedTokens, QuantisedTokens } from '../core/tokens.js';
import { KEYED_BYTES, readDescriptor, writeDescriptor } from './payload-keyed.js';
import { readTokens, writeTokens, XNN_BYTES } from './payload-xnn.js';
import { readFeatures, writeFeatures, XNN_D_BYTES } from './payload-xnn-d.js';

// One message, little-endian:
//
//   struct {
//     u8  magic[4]       "XNNF"
//     u8  format         2
//     u8  mode           1 = XNN-d, 2 = XNN, 3 = keyed; others are kept for later modes
//     u8  reserved[2]    0
//     u8  model[8]       version of all networks that the mode uses, on either side
//     u8  tenant[16]     whose gallery
//     u8  challenge[16]  from the server, single use
//     u8  payload[]      of the mode: payload-xnn-d.ts, payload-xnn.ts, payload-keyed.ts
//   }

const MAGIC = [0x58, 0x4e, 0x4e, 0x46] as const;
const FORMAT = 2;
const FORMAT_AT = 4;
const MODE_AT = 5;
const RESERVED_AT = 6;
const MODEL_AT = 8;
const TENANT_AT = MODEL_AT + MODEL_VERSION_BYTES;
export const CHALLENGE_AT = TENANT_AT + TENANT_BYTES;
const PAYLOAD_AT = CHALLENGE_AT + CHALLENGE_BYTES;

/** How the face is protected: by noise, by the key of who trained the network, or by its owner's own key. */
export type Mode = 'xnn-d' | 'xnn' | 'keyed';

const NUMBERS: Readonly<Record<Mode, number>> = { 'xnn-d': 1, xnn: 2, keyed: 3 };

/** Size of every message under noise, in bytes: 13,104. */
export const MESSAGE_BYTES = PAYLOAD_AT + XNN_D_BYTES;
/** Size of every message of XNN, in bytes: 25,332. */
export const XNN_MESSAGE_BYTES = PAYLOAD_AT + XNN_BYTES;
/** Size of every message in keyed mode, in bytes: 176. */
export const KEYED_MESSAGE_BYTES = PAYLOAD_AT + KEYED_BYTES;
/** Of the longest message of any mode. */
export const MOST_MESSAGE_BYTES = Math.max(MESSAGE_BYTES, XNN_MESSAGE_BYTES, KEYED_MESSAGE_BYTES);

/** What a message is bound to. */
export interface MessageHeader {
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** 16 bytes. */
  readonly tenant: Uint8Array;
  /** 16 bytes. */
  readonly challenge: Uint8Array;
}

export interface Message extends MessageHeader {
  readonly features: QuantisedFeatures;
}

export interface XnnMessage extends MessageHeader {
  readonly tokens: QuantisedTokens;
}

export interface KeyedMessage extends MessageHeader {
  readonly descriptor: KeyedDescriptor;
}

/** Of a message that is written before it is known for what; no server takes it. */
export const UNBOUND: MessageHeader = {
  model: new Uint8Array(MODEL_VERSION_BYTES),
  tenant: new Uint8Array(TENANT_BYTES),
  challenge: new Uint8Array(CHALLENGE_BYTES),
};

/** Writes into a message of any mode what it is bound to. */
export function bind(message: Uint8Array, { model, tenant, challenge }: MessageHeader): void {
  place(message, MODEL_AT, model, MODEL_VERSION_BYTES);
  place(message, TENANT_AT, tenant, TENANT_BYTES);
  place(message, CHALLENGE_AT, challenge, CHALLENGE_BYTES);
}

/** Writes one message of XNN-d. Takes perturbed features only: encoding clean ones is a type error. */
export function encodeMessage(header: MessageHeader, features: PerturbedFeatures): Uint8Array {
  const bytes = headed('xnn-d', MESSAGE_BYTES, header);
  writeFeatures(bytes.subarray(PAYLOAD_AT), features);
  return bytes;
}

/** Writes one message of XNN. Takes obfuscated tokens only: encoding clean ones is a type error. */
export function encodeXnnMessage(header: MessageHeader, tokens: ObfuscatedTokens): Uint8Array {
  const bytes = headed('xnn', XNN_MESSAGE_BYTES, header);
  writeTokens(bytes.subarray(PAYLOAD_AT), tokens);
  return bytes;
}

/** Writes one message in keyed mode. Takes descriptors under a key only: encoding others is a type error. */
export function encodeKeyedMessage(header: MessageHeader, descriptor: KeyedDescriptor): Uint8Array {
  const bytes = headed('keyed', KEYED_MESSAGE_BYTES, header);
  writeDescriptor(bytes.subarray(PAYLOAD_AT), descriptor);
  return bytes;
}

/**
 * Reads one message of XNN-d. The result does not share memory with `bytes`.
 *
 * Knows neither the served model nor tenants nor challenges: the caller compares those.
 *
 * @throws message_truncated, message_too_long, message_invalid, format_unsupported, message_values_invalid
 */
export function decodeMessage(bytes: Uint8Array): Message {
  return { ...readHeader(bytes, 'xnn-d', MESSAGE_BYTES), features: readFeatures(bytes.subarray(PAYLOAD_AT)) };
}

/** Reads one message of XNN, likewise. */
export function decodeXnnMessage(bytes: Uint8Array): XnnMessage {
  return { ...readHeader(bytes, 'xnn', XNN_MESSAGE_BYTES), tokens: readTokens(bytes.subarray(PAYLOAD_AT)) };
}

/** Reads one message in keyed mode, likewise. */
export function decodeKeyedMessage(bytes: Uint8Array): KeyedMessage {
  return { ...readHeader(bytes, 'keyed', KEYED_MESSAGE_BYTES), descriptor: readDescriptor(bytes.subarray(PAYLOAD_AT)) };
}

/** Which mode bytes are of, if they are a message's. @throws format_unsupported */
export function modeOf(bytes: Uint8Array): Mode {
  const mode = (Object.keys(NUMBERS) as Mode[]).find((name) => NUMBERS[name] === bytes[MODE_AT]);
  if (mode === undefined) throw new XnnError('format_unsupported', `mode ${bytes[MODE_AT]}`);
  return mode;
}

/** Whether bytes are of keyed mode, if they are a message's; other fields may still be wrong. */
export function isKeyed(bytes: Uint8Array): boolean {
  return bytes[MODE_AT] === NUMBERS.keyed;
}

/** Which gallery bytes are for, if they are a message's; its other fields may still be wrong. */
export function tenantOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.subarray(TENANT_AT, CHALLENGE_AT));
}

function headed(mode: Mode, size: number, header: MessageHeader): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(MAGIC);
  bytes[FORMAT_AT] = FORMAT;
  bytes[MODE_AT] = NUMBERS[mode];
  bind(bytes, header);
  return bytes;
}

function readHeader(bytes: Uint8Array, mode: Mode, size: number): MessageHeader {
  if (bytes.length < size) throw new XnnError('message_truncated', `${bytes.length} of ${size} bytes`);
  if (bytes.length > size) throw new XnnError('message_too_long', `${bytes.length} instead of ${size} bytes`);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new XnnError('message_invalid', 'magic');
  if (bytes[FORMAT_AT] !== FORMAT) throw new XnnError('format_unsupported', `format ${bytes[FORMAT_AT]}`);
  if (bytes[MODE_AT] !== NUMBERS[mode]) throw new XnnError('format_unsupported', `mode ${bytes[MODE_AT]}`);
  if (bytes[RESERVED_AT] !== 0 || bytes[RESERVED_AT + 1] !== 0) {
    throw new XnnError('message_invalid', 'reserved bytes are not 0');
  }
  // Not `bytes.slice`, which in a Node Buffer shares memory.
  const copy = (from: number, to: number): Uint8Array<ArrayBuffer> => new Uint8Array(bytes.subarray(from, to));
  return {
    model: copy(MODEL_AT, TENANT_AT),
    tenant: copy(TENANT_AT, CHALLENGE_AT),
    challenge: copy(CHALLENGE_AT, PAYLOAD_AT),
  };
}

function place(bytes: Uint8Array, at: number, value: Uint8Array, size: number): void {
  if (value.length !== size) throw new XnnError('message_invalid', `${value.length} bytes where ${size} belong`);
  bytes.set(value, at);
}
