import { proxy, releaseProxy, transfer, wrap } from 'comlink';
import { isErrorCode, XnnError } from '../core/errors.js';
import type { KeyInfo } from '../wire/key-file.js';
import type { MessageHeader } from '../wire/message.js';
import type { Study } from './liveness.js';
import type { Backend, Capture, Picture, Progress, Sighting, Started } from './types.js';
import workerAddress from './worker.ts?worker&url';

export interface StartOptions {
  /** Tries this backend alone. */
  readonly backend?: Backend | undefined;
  /** Address under which the cloud serves models/ and wasm/, with a slash at the end; without it, where the app lies. */
  readonly base?: string | undefined;
}

/** What hides a face: noise, the key of a network that is open, or its owner's own key. */
export type Protection = 'noise' | 'network key' | CryptoKey;

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
   * One face of a picture as a message bound to `header`. Takes a picture that is a frame away.
   *
   * @throws what `prepareKeyed` throws, and no_face, several_faces, face_too_small, too_dark, image_corrupt, image_too_large, page_failed
   */
  capture(picture: Picture, header: MessageHeader, protection: Protection): Promise<Capture>;
  /** Loads what own keys need beside, so that the first capture need not wait for it. @throws model_missing, model_hash_wrong, model_invalid, model_unsupported */
  prepareKeyed(): Promise<void>;
  /**
   * Opens a key file. The key stays in the engine's memory until it is closed or the engine ends, and is never written, sent or handed out.
   *
   * @throws key_invalid, passphrase_wrong, encoder_differs
   */
  openKey(file: Blob, passphrase: string): Promise<KeyInfo>;
  closeKey(): Promise<void>;
  /** Ends it; what is under way never resolves. */
  dispose(): void;
}

/** What the worker exposes. */
export interface WorkerEngine extends Pick<Engine, 'start' | 'study' | 'capture' | 'prepareKeyed' | 'openKey'> {
  look(frame: ImageBitmap): Sighting;
  closeKey(): void;
}

/** An engine in a worker of its own, so that the page never waits for it. */
export function openEngine(): Engine {
  const worker = startWorker(new URL(workerAddress, location.href));
  const remote = wrap<WorkerEngine>(worker);
  // A worker that could not be loaded or broke down answers no call, so every call watches for that too.
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new XnnError('page_failed', message)));
  });
  broken.catch(() => {});
  const answered = <T>(call: Promise<T>): Promise<T> =>
    Promise.race([call, broken]).catch((error: unknown) => {
      throw asXnnError(error);
    });

  return {
    start: (options, onProgress) => answered(remote.start(options, proxy(onProgress))),
    look: (frame) => answered(remote.look(transfer(frame, [frame]))),
    study: (frame, anew) => answered(remote.study(transfer(frame, [frame]), anew)),
    capture: (picture, header, protection) =>
      answered(remote.capture(picture instanceof Blob ? picture : transfer(picture, [picture]), header, protection)),
    prepareKeyed: () => answered(remote.prepareKeyed()),
    openKey: (file, passphrase) => answered(remote.openKey(file, passphrase)),
    closeKey: () => answered(remote.closeKey()),
    dispose() {
      remote[releaseProxy]();
      worker.terminate();
    },
  };
}

/** Browsers start no worker from another origin; there, one of this page's does, which imports it. */
function startWorker(address: URL): Worker {
  const options = { type: 'module', name: 'face' } as const;
  if (address.origin === location.origin) return new Worker(address, options);
  const importing = new Blob([`import ${JSON.stringify(address.href)};`], { type: 'text/javascript' });
  const own = URL.createObjectURL(importing);
  const worker = new Worker(own, options);
  URL.revokeObjectURL(own);
  return worker;
}

/** Of an error's class only name and message cross from a worker; those of `XnnError` hold its code. */
function asXnnError(error: unknown): XnnError {
  if (error instanceof XnnError) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  const [code, ...detail] = message.split(': ');
  if (name === 'XnnError' && isErrorCode(code)) return new XnnError(code, detail.join(': ') || undefined);
  return new XnnError('page_failed', message, { cause: error });
}
