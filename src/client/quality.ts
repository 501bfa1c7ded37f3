import type { KeyPoints } from '../core/align.js';
import type { ErrorCode } from '../core/errors.js';
import { CROP_SIZE } from '../core/spec.js';
import { withoutBackground, type Face } from './detect.js';

/** Size of a face (`faceSize`): a template can be made above the first, a good one above the second. */
const LEAST_FACE_SIZE = 20;
const GOOD_FACE_SIZE = 40;
/** Distance between the eyes over that from between them to the mouth, of a face that looks straight (KEY_POINT_TEMPLATE). */
const EYES_TO_MOUTH = 0.93;
/** Where the nose tip lies between the eyes, 0 at one and 1 at the other, of a face that looks at the camera. */
const STRAIGHT = { from: 0.3, to: 0.7 } as const;
/** Largest tilt of the head, in radians: 25°. */
const MOST_TILT = (25 * Math.PI) / 180;
/** Luma in [0, 255] that the brightest twentieth of a face reaches. Highlights, not the mean: skin is dark or light, light is not. */
const LEAST_HIGHLIGHT = 45;
const GOOD_HIGHLIGHT = 90;
/** Largest part of a face that may be burnt out, which is luma of 250 and more. */
const MOST_BURNT = 0.25;
/** Least variance of the crop's Laplacian, as a part of the variance of its luma, so that contrast does not count. */
const LEAST_SHARPNESS = 0.008;

/**
 * What the person before the camera should change, the most important first; null if nothing.
 *
 * @param crop the aligned first face [112, 112, 3], RGB bytes; null without a face
 */
export function hintFor(faces: readonly Face[], crop: Uint8Array | null): ErrorCode | null {
  const [face, other] = withoutBackground(faces);
  if (face === undefined || crop === null) return 'no_face';
  if (other !== undefined) return 'several_faces';
  if (faceSize(face.points) < GOOD_FACE_SIZE) return 'face_too_small';
  if (isTurned(face.points)) return 'face_turned';
  const luma = lumaOf(crop);
  if (highlight(luma) < GOOD_HIGHLIGHT) return 'too_dark';
  if (luma.filter((value) => value >= 250).length > MOST_BURNT * luma.length) return 'too_bright';
  if (sharpness(luma) < LEAST_SHARPNESS) return 'blurred';
  return null;
}

/** Why no template can be made of a picture, however it came about; null if one can. The same parameters as `hintFor`. */
export function refusalOf({ points }: Face, crop: Uint8Array): ErrorCode | null {
  if (faceSize(points) < LEAST_FACE_SIZE) return 'face_too_small';
  if (highlight(lumaOf(crop)) < LEAST_HIGHLIGHT) return 'too_dark';
  return null;
}

/** Distance between the eyes in picture pixels; of a face turned aside, what it would be if it looked straight, by eyes and mouth. */
export function faceSize({ leftEye, rightEye, mouth }: KeyPoints): number {
  const toMouth = Math.hypot(mouth.x - (leftEye.x + rightEye.x) / 2, mouth.y - (leftEye.y + rightEye.y) / 2);
  return Math.max(Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y), EYES_TO_MOUTH * toMouth);
}

/** Whether the head is turned to a side, or tilted. */
export function isTurned({ leftEye, rightEye, nose }: KeyPoints): boolean {
  const [x, y] = [rightEye.x - leftEye.x, rightEye.y - leftEye.y];
  const between = ((nose.x - leftEye.x) * x + (nose.y - leftEye.y) * y) / (x * x + y * y);
  return !(between >= STRAIGHT.from && between <= STRAIGHT.to) || Math.abs(Math.atan2(y, x)) > MOST_TILT;
}

/** Rec. 601 luma [112, 112] of RGB bytes, in [0, 255]. */
export function lumaOf(crop: Uint8Array): Float32Array {
  const luma = new Float32Array(CROP_SIZE * CROP_SIZE);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * crop[3 * i]! + 0.587 * crop[3 * i + 1]! + 0.114 * crop[3 * i + 2]!;
  }
  return luma;
}

/** Luma that the brightest twentieth reaches, rounded down. */
export function highlight(luma: Float32Array): number {
  const counts = new Uint16Array(256);
  for (const value of luma) counts[Math.floor(value)]!++;
  let brighter = 0;
  for (let value = 255; value > 0; value--) {
    brighter += counts[value]!;
    if (brighter >= luma.length - Math.floor(0.95 * luma.length)) return value;
  }
  return 0;
}

/** Variance of the Laplacian over variance of the luma: how much of the contrast is in fine detail, from 0. */
export function sharpness(luma: Float32Array): number {
  const laplacian: number[] = [];
  for (let row = 1; row < CROP_SIZE - 1; row++) {
    for (let column = 1; column < CROP_SIZE - 1; column++) {
      const i = row * CROP_SIZE + column;
      laplacian.push(luma[i - 1]! + luma[i + 1]! + luma[i - CROP_SIZE]! + luma[i + CROP_SIZE]! - 4 * luma[i]!);
    }
  }
  return variance(laplacian) / Math.max(1, variance([...luma]));
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
