import { useEffect, useState, useSyncExternalStore } from 'react';
import { createLiveCamera } from '../client/live-camera.js';

/** One camera, opened on demand only, and released when the component goes or the page is hidden. */
export function useCamera() {
  const [camera] = useState(createLiveCamera);
  const state = useSyncExternalStore(camera.subscribe, camera.getState, camera.getState);
  useEffect(() => camera.stop, [camera]);
  return { state, start: camera.start, stop: camera.stop };
}
