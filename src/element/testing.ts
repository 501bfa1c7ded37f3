import type { SessionState } from '../client/types.js';

/** A session that waits to be asked. */
export const READY = {
  status: 'ready',
  started: { backend: 'wasm', model: '0123456789abcdef', keyedModel: 'fedcba9876543210', release: '1.0.0' },
  activity: 'idle',
  key: null,
  ownKey: null,
  outcome: null,
  error: null,
} as const satisfies SessionState;

export const receipt = { captures: [], bytesSent: 0, cloudMs: 0 };
