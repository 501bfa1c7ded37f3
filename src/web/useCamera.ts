import { useCallback, useEffect, useRef, useState } from 'react';
import { listCameras, openCamera } from '../client/camera.js';
import { XnnError, type ErrorCode } from '../client/messages.js';

/** `released`: it was on, and was let go because the page was hidden. */
export type CameraState =
  | { readonly phase: 'off'; readonly error: ErrorCode | null; readonly released: boolean }
  | { readonly phase: 'opening' }
  | { readonly phase: 'live'; readonly stream: MediaStream; readonly cameras: readonly MediaDeviceInfo[] };

const OFF = { phase: 'off', error: null, released: false } as const;

/** One camera, opened on demand only, and released when the component goes or the page is hidden. */
export function useCamera() {
  const [state, setState] = useState<CameraState>(OFF);
  const open = useRef<MediaStream | null>(null);
  /** Counts openings, so that a camera that was allowed too late is let go at once. */
  const opening = useRef(0);

  const release = useCallback(() => {
    opening.current++;
    open.current?.getTracks().forEach((track) => track.stop());
    open.current = null;
  }, []);

  const stop = useCallback(() => {
    release();
    setState(OFF);
  }, [release]);

  const start = useCallback(
    async (deviceId?: string) => {
      release();
      setState({ phase: 'opening' });
      const mine = opening.current;
      try {
        const stream = await openCamera(deviceId);
        if (mine !== opening.current) return stream.getTracks().forEach((track) => track.stop());
        open.current = stream;
        stream.getVideoTracks()[0]?.addEventListener('ended', () => {
          if (open.current !== stream) return;
          release();
          setState({ ...OFF, error: 'camera_failed' });
        });
        const cameras = await listCameras();
        if (open.current === stream) setState({ phase: 'live', stream, cameras });
      } catch (error) {
        if (mine !== opening.current) return;
        release();
        setState({ ...OFF, error: error instanceof XnnError ? error.code : 'camera_failed' });
      }
    },
    [release],
  );

  useEffect(() => {
    const letGo = () => {
      if (!document.hidden || !open.current) return;
      release();
      setState({ ...OFF, released: true });
    };
    document.addEventListener('visibilitychange', letGo);
    return () => {
      document.removeEventListener('visibilitychange', letGo);
      release();
    };
  }, [release]);

  return { state, start, stop };
}
