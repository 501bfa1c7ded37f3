import { createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { proofOf, proofSecret, type DeploymentTerms } from './proof.js';
import type { Key } from './xnn.js';

const key: Key = { scheme: 'xnn-hardened', encoder: '75d552a1d16c0300', secret: new Uint8Array(32).fill(1) };
const terms: DeploymentTerms = { encoder: key.encoder, sha256: 'ab'.repeat(32), threshold: 0.25 };
const proof = proofOf(proofSecret(key), terms);

test('is what its description says', () => {
  const secret = hkdfSync('sha256', key.secret, '', 'xnn deployment\0xnn-hardened\x0075d552a1d16c0300', 32);
  const text = `xnn deployment\x0075d552a1d16c0300\0${'ab'.repeat(32)}\x000.25`;
  expect(proof).toBe(createHmac('sha256', new Uint8Array(secret)).update(text).digest('hex'));
});

test.each<[string, Partial<Key>]>([
  ['secret', { secret: new Uint8Array(32).fill(2) }],
  ['scheme', { scheme: 'permutation' }],
  ['encoder', { encoder: '00'.repeat(8) }],
])('of a key with another %s is another', (_, change) => {
  expect(proofOf(proofSecret({ ...key, ...change }), terms)).not.toBe(proof);
});

test.each<[string, Partial<DeploymentTerms>]>([
  ['threshold', { threshold: -1 }],
  ['network', { sha256: '00'.repeat(32) }],
  ['encoder', { encoder: '00'.repeat(8) }],
])('with another %s is another', (_, change) => {
  expect(proofOf(proofSecret(key), { ...terms, ...change })).not.toBe(proof);
});
