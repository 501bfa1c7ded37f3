import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLiveCamera } from './live-camera.js';

const RELEASED = { phase: 'off', error: null, released: true };

const page = Object.assign(new EventTarget(), { hidden: false });
const hide = () => {
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
};
const track = Object.assign(new EventTarget(), { stop: vi.fn() });
const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
/** Says yes to the camera. */
let allow: () => void;

beforeEach(() => {
  page.hidden = false;
  track.stop.mockReset();
  const asked = new Promise((resolve) => (allow = () => resolve(stream)));
  vi.stubGlobal('document', page);
  vi.stubGlobal('navigator', {
    mediaDevices: { getUserMedia: () => asked, enumerateDevices: () => Promise.resolve([]) },
  });
});
afterEach(() => vi.unstubAllGlobals());

it('lets the camera go when the page is hidden', async () => {
  const camera = createLiveCamera();
  allow();
  await camera.start();
  expect(camera.getState()).toEqual({ phase: 'live', stream, cameras: [] });
  hide();
  expect(track.stop).toHaveBeenCalledOnce();
  expect(camera.getState()).toEqual(RELEASED);
});

it('lets a camera go at once that was allowed in a page that was hidden meanwhile', async () => {
  const camera = createLiveCamera();
  const started = camera.start();
  hide();
  allow();
  await started;
  expect(track.stop).toHaveBeenCalledOnce();
  expect(camera.getState()).toEqual(RELEASED);
});
