import { proxy } from 'comlink';
import type { Pixels } from './reveal.js';
import { reach } from './remote.js';
import type { Backend, Capture } from './types.js';

/** What an attacker got on LFW, judged by a foreign network. */
export interface Measured {
  /** That he was trained for. */
  readonly epochs: number;
  readonly ssim: number;
  /** In dB. */
  readonly psnr: number;
  /** Share of pairs in which the judge told rightly whether the recovered face is the person; 0.5 is chance. */
  readonly verified: number;
}

/** What share of strangers' photos reach a likeness, to the clean tail. */
export interface Strangers {
  /** In (0, 1). */
  readonly share: number;
  /** Cosine. */
  readonly likeness: number;
}

/** One face that an attacker painted. */
export interface Recovered {
  readonly picture: Pixels;
  /** Cosine of it and the photo, to the clean tail. */
  readonly likeness: number;
  /** Smallest known share of strangers' photos that are as like the photo; null if more than half of them are. */
  readonly strangers: number | null;
  readonly measured: Measured;
}

/** What attackers made of one capture. */
export interface Attack {
  readonly fromClean: Recovered;
  /** Null where there is nothing to read: under a key. */
  readonly fromSent: Recovered | null;
  /** Likeness from which two faces count as one person's. */
  readonly threshold: number;
  /** Both attackers and the judging, in ms. */
  readonly ms: number;
}

/** The attackers in a worker of their own. Rejects with `XnnError` only. */
export interface AttackEngine {
  /**
   * Loads encoder, judge and attackers. To be called once, before anything else.
   *
   * @param onProgress called with the part of what is downloaded that is here, in [0, 1]
   * @throws model_missing, model_hash_wrong, model_invalid, model_unsupported, no_backend, page_failed
   */
  start(backend: Backend, onProgress: (fraction: number) => void): Promise<void>;
  /** Sends nothing. @throws page_failed */
  attack(capture: Capture): Promise<Attack>;
  dispose(): void;
}

/** What the worker exposes. */
export type WorkerAttackEngine = Pick<AttackEngine, 'start' | 'attack'>;

export function openAttackEngine(): AttackEngine {
  const worker = new Worker(new URL('./attack.worker.ts', import.meta.url), { type: 'module', name: 'attack' });
  const { remote, answered, dispose } = reach<WorkerAttackEngine>(worker);
  return {
    start: (backend, onProgress) => answered(remote.start(backend, proxy(onProgress))),
    attack: (capture) => answered(remote.attack(capture)),
    dispose,
  };
}
