import { XnnError, type ErrorCode } from '../core/errors.js';
import { listCameras, openCamera } from './camera.js';

/** `released`: it was on, and was let go because the page was hidden. */
export type CameraState =
  | { readonly phase: 'off'; readonly error: ErrorCode | null; readonly released: boolean }
  | { readonly phase: 'opening' }
  | { readonly phase: 'live'; readonly stream: MediaStream; readonly cameras: readonly MediaDeviceInfo[] };

/** One camera, opened on demand only, and released when it is told to stop or the page is hidden. */
export interface LiveCamera {
  /** The same object until something changes. */
  readonly getState: () => CameraState;
  /** Calls `listener` after every change. @returns how to stop. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Opens the camera that was named, else the one that faces the user, in place of one that is open. Never rejects. */
  readonly start: (deviceId?: string) => Promise<void>;
  readonly stop: () => void;
}

const OFF = { phase: 'off', error: null, released: false } as const;

export function createLiveCamera(): LiveCamera {
  const listeners = new Set<() => void>();
  let state: CameraState = OFF;
  let open: MediaStream | null = null;
  /** Counts openings, so that a camera that was allowed too late is let go at once. */
  let opening = 0;

  const become = (next: CameraState) => {
    state = next;
    for (const listener of listeners) listener();
  };

  const release = () => {
    opening++;
    open?.getTracks().forEach((track) => track.stop());
    open = null;
    document.removeEventListener('visibilitychange', letGo);
  };

  const letGo = () => {
    if (!document.hidden) return;
    release();
    become({ ...OFF, released: true });
  };

  const start = async (deviceId?: string) => {
    release();
    become({ phase: 'opening' });
    const mine = opening;
    try {
      const stream = await openCamera(deviceId);
      if (mine !== opening) return stream.getTracks().forEach((track) => track.stop());
      open = stream;
      // The page may have been hidden meanwhile.
      if (document.hidden) return letGo();
      document.addEventListener('visibilitychange', letGo);
      stream.getVideoTracks()[0]?.addEventListener('ended', () => {
        if (open !== stream) return;
        release();
        become({ ...OFF, error: 'camera_failed' });
      });
      const cameras = await listCameras();
      if (open === stream) become({ phase: 'live', stream, cameras });
    } catch (error) {
      if (mine !== opening) return;
      release();
      become({ ...OFF, error: error instanceof XnnError ? error.code : 'camera_failed' });
    }
  };

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start,
    stop() {
      release();
      become(OFF);
    },
  };
}
