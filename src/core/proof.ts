import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { SECRET_BYTES } from './spec.js';
import type { Key } from './xnn.js';

// Whoever deploys a network for a key proves that he has the key, so that nobody who only knows its fingerprint can put a network before
// those who have it. The proof is HMAC-SHA-256 of the deployment's terms under a secret that is HKDF-SHA-256 (RFC 5869) of the key's:
//
//   salt   none
//   info   "xnn deployment", scheme, encoder, a zero byte between them
//   size   32 bytes
//
// and the terms are "xnn deployment", encoder, SHA-256 of the network, threshold, a zero byte between them: the first two in hexadecimal
// digits, the threshold as JSON writes it. Neither proof nor derived secret says anything of the key's secret.

/** What a proof is about. */
export interface DeploymentTerms {
  /** Model version of the encoder, 16 hexadecimal digits. */
  readonly encoder: string;
  /** Of the whole network, 64 hexadecimal digits. */
  readonly sha256: string;
  /** A cosine, in [-1, 1]. */
  readonly threshold: number;
}

/** What proofs of deployments for a key are made and checked with, 32 bytes. To be kept as the key is. */
export function proofSecret({ scheme, encoder, secret }: Key): Uint8Array {
  return hkdf(sha256, secret, undefined, utf8ToBytes(`xnn deployment\0${scheme}\0${encoder}`), SECRET_BYTES);
}

/** The proof, 64 hexadecimal digits. @param secret of `proofSecret` */
export function proofOf(secret: Uint8Array, { encoder, sha256: network, threshold }: DeploymentTerms): string {
  const terms = `xnn deployment\0${encoder}\0${network}\0${JSON.stringify(threshold)}`;
  return bytesToHex(hmac(sha256, secret, utf8ToBytes(terms)));
}
