import { proxy, transfer } from 'comlink';
import type { KeyInfo } from '../wire/key-file.js';
import type { Offer } from './cloud.js';
import type { Study } from './liveness.js';
import { reach } from './remote.js';
import type { Backend, Capture, Picture, Progress, Sighting, Started } from './types.js';
import workerAddress from './worker.ts?worker&url';

export interface StartOptions {
  /** Tries this backend alone. */
  readonly backend?: Backend | undefined;
  /** Address under which the cloud serves models/ and wasm/, with a slash at the end; without it, where the app lies. */
  readonly base?: string | undefined;
}

/** What hides a face: noise, the key of a network that is open, or its owner's own key. */
export type Protection = 'noise' | 'network key' | OwnProtection;

/** A face under its owner's own key is another for each tenant. */
export interface OwnProtection {
  readonly key: CryptoKey;
  /** 16 bytes. */
  readonly tenant: Uint8Array;
}

/** Everything heavy: model, detector, networks. Rejects with `XnnError` only. */
export interface Engine {
  /** To be called once, before anything else. @throws model_missing, model_hash_wrong, model_invalid, no_backend, page_failed */
  start(options: StartOptions, onProgress: (progress: Progress) => void): Promise<Started>;
  /** Takes the frame away. */
  look(frame: ImageBitmap): Promise<Sighting>;
  /**
   * Looks more closely than `look`, for a liveness check. Takes the frame away.
   *
   * @param anew whether faces are compared with this one from now on
   * @throws what `prepareKeyed` throws
   */
  study(frame: ImageBitmap, anew: boolean): Promise<Study>;
  /**
   * One face of a picture as a message that is not bound to anything yet. Takes a picture that is a frame away.
   *
   * @throws what `prepareKeyed` throws, and no_face, several_faces, face_too_small, too_dark, image_corrupt, image_too_large, page_failed
   */
  capture(picture: Picture, protection: Protection): Promise<Capture>;
  /** Loads what own keys need beside, so that the first capture need not wait for it. @throws model_missing, model_hash_wrong, model_invalid, model_unsupported */
  prepareKeyed(): Promise<void>;
  /**
   * Opens a key file. The key stays in the engine's memory until it is closed or the engine ends, and is never written, sent or handed out.
   *
   * @throws key_invalid, passphrase_wrong, encoder_differs
   */
  openKey(file: Blob, passphrase: string): Promise<KeyInfo>;
  /** Whether somebody who has the open key made this deployment. @throws key_invalid if none is open */
  isProved(offer: Offer): Promise<boolean>;
  closeKey(): Promise<void>;
  /** Ends it; what is under way never resolves. */
  dispose(): void;
}

/** What the worker exposes. */
export interface WorkerEngine extends Pick<Engine, 'start' | 'study' | 'capture' | 'prepareKeyed' | 'openKey'> {
  look(frame: ImageBitmap): Sighting;
  isProved(offer: Offer): boolean;
  closeKey(): void;
}

/** An engine in a worker of its own, so that the page never waits for it. */
export function openEngine(): Engine {
  const worker = startWorker(new URL(workerAddress, location.href));
  const { remote, answered, dispose } = reach<WorkerEngine>(worker);
  return {
    start: (options, onProgress) => answered(remote.start(options, proxy(onProgress))),
    look: (frame) => answered(remote.look(transfer(frame, [frame]))),
    study: (frame, anew) => answered(remote.study(transfer(frame, [frame]), anew)),
    capture: (picture, protection) =>
      answered(remote.capture(picture instanceof Blob ? picture : transfer(picture, [picture]), protection)),
    prepareKeyed: () => answered(remote.prepareKeyed()),
    openKey: (file, passphrase) => answered(remote.openKey(file, passphrase)),
    isProved: (offer) => answered(remote.isProved(offer)),
    closeKey: () => answered(remote.closeKey()),
    dispose,
  };
}

/** Browsers start no worker from another origin; there, one of this page's does, which imports it. */
function startWorker(address: URL): Worker {
  const options = { type: 'module', name: 'face' } as const;
  if (address.origin === location.origin) return new Worker(address, options);
  const importing = new Blob([`import ${JSON.stringify(address.href)};`], { type: 'text/javascript' });
  const own = URL.createObjectURL(importing);
  try {
    return new Worker(own, options);
  } finally {
    URL.revokeObjectURL(own);
  }
}
