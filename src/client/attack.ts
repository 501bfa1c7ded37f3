import { proxy } from 'comlink';
import type { Pixels } from './reveal.js';
import { reach } from './remote.js';
import type { Backend, Capture } from './types.js';

/** What a painter got on LFW, judged by a foreign network. */
export interface Measured {
  /** That he was trained for. */
  readonly epochs: number;
  readonly ssim: number;
  /** In dB. */
  readonly psnr: number;
  /** Share of pairs in which the judge told rightly whether the recovered face is the person; 0.5 is chance. */
  readonly verified: number;
}

/** What share of strangers' photos reach a likeness, to a judge. */
export interface Strangers {
  /** In (0, 1). */
  readonly share: number;
  /** Cosine. */
  readonly likeness: number;
}

/** What a judge says of one painting. */
export interface Verdict {
  /** Cosine of it and the photo, to him. */
  readonly likeness: number;
  /** Smallest known share of strangers' photos that are as like the photo; null if more than half of them are. */
  readonly strangers: number | null;
}

/** One face that an attacker painted, with the clean tail's verdict. */
export interface Recovered extends Verdict {
  readonly picture: Pixels;
  readonly measured: Measured;
}

/** What painters made of one capture. */
export interface Paintings {
  readonly fromClean: Recovered;
  /** Null where there is nothing to read: under a key. */
  readonly fromSent: Recovered | null;
  /** Likeness from which two faces count as one person's. */
  readonly threshold: number;
  /** Both painters and the judging, in ms. */
  readonly ms: number;
}

/** How the foreign judge's threshold was set, and what he says of photos at it. Shares are in [0, 1]. */
export interface MeasuredJudge {
  /** Share of pairs of photos of two held-out people that count as one person's: the threshold is set so. */
  readonly fmr: number;
  /** Held-out people whose photos set the threshold, and pairs of two of them. */
  readonly people: number;
  readonly impostors: number;
  /** Of LFW's pairs of one person that he takes for one, and of two. */
  readonly accepted: number;
  readonly mistaken: number;
}

/** What the foreign judge says of the paintings of one capture. */
export interface Judgement {
  readonly ofClean: Verdict;
  /** Null where nothing was painted: under a key. */
  readonly ofSent: Verdict | null;
  /** Likeness from which he takes two faces for one person's. */
  readonly threshold: number;
  readonly measured: MeasuredJudge;
  /** In ms. */
  readonly ms: number;
}

/** What the foreign judge weighs, in bytes. */
export const FOREIGN_JUDGE_BYTES = 6_444_032;

/** How surely one kind of features is linked to a plain photo. Shares are in [0, 1]. */
export interface Linkable {
  /** Cosine from which features and photo count as one person's. */
  readonly threshold: number;
  /** Of LFW's pairs of View 2, told right at the thresholds that are best there; 0.5 is chance. */
  readonly right: number;
  /** Of LFW's pairs of one person, linked at `threshold`. */
  readonly linked: number;
  /** Of LFW's pairs of two people, linked at `threshold`. */
  readonly mistaken: number;
}

/** What the linkage attacker got on people that he did not learn from. */
export interface MeasuredLinker {
  /** Photos that he learnt from. */
  readonly pairs: number;
  /** Share of pairs of two held-out people that count as one person's: the thresholds are set so. */
  readonly fmr: number;
  /** Held-out people whose photos set the thresholds, and pairs of two of them. */
  readonly people: number;
  readonly impostors: number;
}

/** Whether features and the attacker's photo show one person. */
export interface Link extends Linkable {
  /** Their cosine. */
  readonly likeness: number;
}

/** What the linkage attacker says of one capture beside a photo of his own. */
export interface Linkage {
  readonly fromClean: Link;
  /** Null under a key, where there is nothing to read. */
  readonly fromSent: Link | null;
  readonly measured: MeasuredLinker;
  /** In ms. */
  readonly ms: number;
}

/** The attackers in a worker of their own, each loaded when it is first needed. Sends nothing. Rejects with `XnnError` only. */
export interface AttackEngine {
  /**
   * Loads what all attackers need: encoder and clean tail. To be called once, before anything else.
   *
   * @param onProgress called with the part of what is downloaded that is here, in [0, 1]
   * @throws model_missing, model_hash_wrong, model_invalid, model_unsupported, no_backend, page_failed
   */
  start(backend: Backend, onProgress: (fraction: number) => void): Promise<void>;
  /**
   * @param onProgress as in `start`, of the painters; called with 1 when they begin
   * @throws model_missing, model_hash_wrong, model_invalid, model_unsupported, page_failed
   */
  paint(capture: Capture, onProgress: (fraction: number) => void): Promise<Paintings>;
  /**
   * Has a foreign network, dlib's, judge what was painted.
   *
   * @param onProgress as in `paint`, of the judge, who weighs `FOREIGN_JUDGE_BYTES`
   * @throws as `paint`
   */
  judge(capture: Capture, paintings: Paintings, onProgress: (fraction: number) => void): Promise<Judgement>;
  /**
   * @param photo the attacker's own, prepared as if it were to be sent
   * @param onProgress as in `paint`
   * @throws as `paint`
   */
  link(capture: Capture, photo: Capture, onProgress: (fraction: number) => void): Promise<Linkage>;
  dispose(): void;
}

/** What the worker exposes. */
export type WorkerAttackEngine = Omit<AttackEngine, 'dispose'>;

export function openAttackEngine(): AttackEngine {
  const worker = new Worker(new URL('./attack.worker.ts', import.meta.url), { type: 'module', name: 'attack' });
  const { remote, answered, dispose } = reach<WorkerAttackEngine>(worker);
  return {
    start: (backend, onProgress) => answered(remote.start(backend, proxy(onProgress))),
    paint: (capture, onProgress) => answered(remote.paint(capture, proxy(onProgress))),
    judge: (capture, paintings, onProgress) => answered(remote.judge(capture, paintings, proxy(onProgress))),
    link: (capture, photo, onProgress) => answered(remote.link(capture, photo, proxy(onProgress))),
    dispose,
  };
}
