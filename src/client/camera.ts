import { XnnError, type ErrorCode } from '../core/errors.js';

/** By the name of what getUserMedia rejects with. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['NotAllowedError', 'camera_refused'],
  ['SecurityError', 'camera_refused'],
  ['NotFoundError', 'camera_absent'],
  ['OverconstrainedError', 'camera_absent'],
]);

/**
 * Opens the camera that was named, or another where that one is gone; without a name the one that faces the user. The caller stops its tracks, and listens for their end.
 *
 * @throws camera_refused, camera_absent (also where the page is not secure), camera_failed
 */
export async function openCamera(deviceId?: string): Promise<MediaStream> {
  const devices = mediaDevices();
  if (devices === undefined) throw new XnnError('camera_absent', 'cameras need a secure page');
  const which = deviceId === undefined ? { facingMode: 'user' } : { deviceId: { ideal: deviceId } };
  try {
    return await devices.getUserMedia({
      audio: false,
      video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : '';
    throw new XnnError(CODES.get(name) ?? 'camera_failed', name, { cause });
  }
}

/** What programs that pretend to be cameras call themselves. */
const PROGRAMS =
  /\b(obs|virtual|manycam|xsplit|splitcam|snap camera|youcam|webcamoid|v4l2loopback|dummy video|avatarify|deepfacelive)\b/i;

/** Whether a camera says that it is a program. Says little when it does not: names are easily changed. */
export function isVirtualCamera(stream: MediaStream): boolean {
  return stream.getVideoTracks().some(({ label }) => PROGRAMS.test(label));
}

/** The cameras there are. Their names are empty until one has been opened. */
export async function listCameras(): Promise<readonly MediaDeviceInfo[]> {
  const all = (await mediaDevices()?.enumerateDevices()) ?? [];
  return all.filter(({ kind }) => kind === 'videoinput');
}

/** Browsers leave it out of pages that are not secure. */
function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices;
}
