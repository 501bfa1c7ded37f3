import { afterEach, describe, expect, it, vi } from 'vitest';
import { isVirtualCamera, listCameras, openCamera } from './camera.js';

/** Gives the page media devices. */
function have(
  getUserMedia: (constraints: MediaStreamConstraints) => Promise<unknown>,
  found: readonly { kind: string }[] = [],
) {
  const mediaDevices = { getUserMedia: vi.fn(getUserMedia), enumerateDevices: () => Promise.resolve(found) };
  vi.stubGlobal('navigator', { mediaDevices });
  return mediaDevices;
}

afterEach(() => vi.unstubAllGlobals());

describe('openCamera', () => {
  it.each([
    ['NotAllowedError', 'camera_refused'],
    ['SecurityError', 'camera_refused'],
    ['NotFoundError', 'camera_absent'],
    ['OverconstrainedError', 'camera_absent'],
    ['NotReadableError', 'camera_failed'],
    ['AbortError', 'camera_failed'],
    ['toString', 'camera_failed'],
  ])('takes %s for %s', async (name, code) => {
    have(() => Promise.reject(new DOMException('', name)));
    await expect(openCamera()).rejects.toMatchObject({ name: 'XnnError', code });
  });

  it('finds no camera in a page that may have none', async () => {
    vi.stubGlobal('navigator', {});
    expect(await listCameras()).toEqual([]);
    await expect(openCamera('one')).rejects.toMatchObject({ code: 'camera_absent' });
  });

  it('opens the camera that was named, or the one that faces the user', async () => {
    const willing = have(() => Promise.resolve('stream'));
    expect(await openCamera('one')).toBe('stream');
    await openCamera();
    expect(willing.getUserMedia.mock.calls).toMatchObject([
      [{ audio: false, video: { deviceId: { ideal: 'one' } } }],
      [{ audio: false, video: { facingMode: 'user' } }],
    ]);
  });
});

describe('listCameras', () => {
  it('leaves out microphones', async () => {
    have(() => Promise.resolve(), [{ kind: 'videoinput' }, { kind: 'audioinput' }, { kind: 'videoinput' }]);
    expect(await listCameras()).toHaveLength(2);
  });
});

describe('isVirtualCamera', () => {
  const named = (label: string) => ({ getVideoTracks: () => [{ label }] }) as unknown as MediaStream;

  it.each(['OBS Virtual Camera', 'ManyCam Virtual Webcam', 'Dummy video device (0x0000) v4l2loopback'])(
    'knows %s',
    (label) => {
      expect(isVirtualCamera(named(label))).toBe(true);
    },
  );

  it.each(['FaceTime HD Camera', 'Logitech BRIO', 'Jobson Webcam', ''])('lets %s be', (label) => {
    expect(isVirtualCamera(named(label))).toBe(false);
  });
});
