import { MESSAGE_BYTES } from '../../client/reveal.js';
import { READY as WAITING } from '../../client/testing.js';
import type { Capture, Outcome, Receipt, Session, SessionState } from '../../client/types.js';

export const STARTING: SessionState = { status: 'starting', progress: { stage: 'compile', fraction: 0.72 } };
export const FAILED: SessionState = { status: 'failed', error: 'model_hash_wrong' };
export const READY = {
  ...WAITING,
  started: { ...WAITING.started, backend: 'webgpu' },
} as const satisfies SessionState;

/** A capture whose message has the form of one; its values mean nothing. */
export function fakeCapture(): Capture {
  const message = new Uint8Array(MESSAGE_BYTES);
  message.set([0x58, 0x4e, 0x4e, 0x46, 2, 1]);
  const view = new DataView(message.buffer);
  for (let channel = 0; channel < 128; channel++) view.setFloat32(48 + 4 * channel, 0.02, true);
  return {
    face: new Uint8Array(112 * 112 * 3).fill(90),
    clean: Float32Array.from({ length: 25_088 }, (_, i) => Math.sin(i / 700)),
    message,
    stageMs: { detect: 34.2, align: 0.6, encode: 128, pack: 1.8 },
  };
}

export function fakeReceipt(captures: number): Receipt {
  return { captures: Array.from({ length: captures }, fakeCapture), bytesSent: MESSAGE_BYTES * captures, cloudMs: 41 };
}

/** A session that is told what to answer. Every action ends in `answer`. */
export function fakeSession(
  initial: SessionState,
  enrolled: readonly string[] = [],
  answer: Outcome | null = null,
): Session {
  let state = initial;
  const listeners = new Set<() => void>();
  const become = (next: SessionState) => {
    state = next;
    listeners.forEach((listener) => listener());
  };
  const act = () => {
    if (state.status === 'ready') become({ ...state, outcome: answer, error: null, wrong: null });
    return Promise.resolve();
  };
  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    look: () => Promise.resolve({ hint: null, box: null }),
    study: () => Promise.reject(new Error('no camera here')),
    challenge: () => Promise.resolve('00'.repeat(16)),
    enrol: act,
    verify: act,
    identify: act,
    forget: act,
    openKey: act,
    closeKey: act,
    makeOwnKey: act,
    restoreOwnKey: act,
    recallOwnKey: act,
    removeOwnKey: act,
    ensureOwnKey: () => Promise.resolve(null),
    messages: () => Promise.resolve(new Uint8Array()),
    rehearse: () => Promise.resolve(fakeCapture()),
    enrolledHere: () => enrolled,
    reset() {
      if (state.status === 'ready') become({ ...state, outcome: null, error: null, wrong: null });
    },
    restart: () => become(STARTING),
    dispose: () => listeners.clear(),
  };
}
