import type { KeyPoints } from '../core/align.js';

/**
 * How far a nose tip lies before the plane through eyes and mouth, over the distance between the eyes. Of the generic head that
 * docs/liveness.md is measured with; people differ by a fifth or so, and angles with them.
 */
const NOSE_DEPTH = 0.53;
/** Largest angle that is told, in degrees. Beyond, an eye is hidden and the detector guesses. */
const MOST_YAW = 60;

/**
 * How far a head is turned aside, in degrees in [-60, 60], about; above 0 towards the right of the picture, which is the person's own left.
 * NaN if the points do not span a plane.
 *
 * Where the nose lies between the eyes, along them, with eyes and mouth as axes. An affine map leaves that as it is, and a flat picture
 * that is turned, tilted or moved before a camera is one, but for perspective: it does not turn its head. A nose that stands out does.
 */
export function yawOf({ leftEye, rightEye, nose, mouth }: KeyPoints): number {
  const [ex, ey] = [rightEye.x - leftEye.x, rightEye.y - leftEye.y];
  const middle = { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2 };
  const [mx, my] = [mouth.x - middle.x, mouth.y - middle.y];
  const [nx, ny] = [nose.x - middle.x, nose.y - middle.y];
  // nose − middle = aside · (right eye − left eye) + down · (mouth − middle)
  const aside = (nx * my - ny * mx) / (ex * my - ey * mx);
  const yaw = (Math.atan(aside / NOSE_DEPTH) * 180) / Math.PI;
  return Math.max(-MOST_YAW, Math.min(MOST_YAW, yaw));
}
