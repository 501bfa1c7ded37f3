import type { Receipt, SessionState } from './types.js';

// What tests of those who use a session share. Nothing here is used by the product.

/** A session that waits to be asked. */
export const READY = {
  status: 'ready',
  started: { backend: 'wasm', model: '0123456789abcdef', keyedModel: 'fedcba9876543210', release: '1.0.0' },
  activity: 'idle',
  key: null,
  ownKey: null,
  outcome: null,
  error: null,
  wrong: null,
} as const satisfies SessionState;

/** Of a request that sent nothing. */
export const RECEIPT: Receipt = { captures: [], bytesSent: 0, cloudMs: 0 };
