import { describe, expect, it } from 'vitest';
import type { KeyPoints } from '../core/align.js';
import { CROP_SIZE } from '../core/spec.js';
import type { Face } from './detect.js';
import { hintFor, isTurned, refusalOf, sharpness } from './quality.js';

/** A face that looks straight, its eyes `distance` pixels apart. */
function points(distance: number, nose = 0.5, tilt = 0): KeyPoints {
  const at = (x: number, y: number) => ({
    x: 300 + distance * (x * Math.cos(tilt) - y * Math.sin(tilt)),
    y: 200 + distance * (x * Math.sin(tilt) + y * Math.cos(tilt)),
  });
  return { leftEye: at(0, 0), rightEye: at(1, 0), nose: at(nose, 0.6), mouth: at(0.5, 1.1) };
}

function face(keyPoints = points(80), width = 200): Face {
  return { box: { x: 250, y: 100, width, height: width }, points: keyPoints };
}

/** A grey crop. */
function crop(luma: (x: number, y: number) => number): Uint8Array {
  return Uint8Array.from({ length: 3 * CROP_SIZE * CROP_SIZE }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return luma(pixel % CROP_SIZE, Math.floor(pixel / CROP_SIZE));
  });
}

/** Soft light and dark, with a fine pattern of an amplitude over it. */
const textured = (brightness: number, detail: number) =>
  crop((x, y) => brightness * (130 + 60 * Math.sin(x / 18) + detail * ((x + y) % 2 === 0 ? 1 : -1)));
const GOOD = textured(1, 8);

describe('hintFor', () => {
  it('has nothing to say about a good picture', () => {
    expect(hintFor([face()], GOOD)).toBeNull();
  });

  it.each([
    ['no_face', [], null],
    ['several_faces', [face(), face(points(80), 100)], GOOD],
    ['face_too_small', [face(points(39))], GOOD],
    ['face_turned', [face(points(80, 0.2))], GOOD],
    ['too_dark', [face()], textured(0.4, 8)],
    ['too_bright', [face()], crop((x) => (x < 40 ? 255 : 180))],
    ['blurred', [face()], textured(1, 0)],
  ] as const)('says %s', (hint, faces, picture) => {
    expect(hintFor(faces, picture)).toBe(hint);
  });

  it('does not mind small faces in the background', () => {
    expect(hintFor([face(), face(points(20), 50)], GOOD)).toBeNull();
  });

  it('says the most important thing first', () => {
    expect(hintFor([face(points(10, 0.1)), face()], textured(0.1, 0))).toBe('several_faces');
    expect(hintFor([face(points(10, 0.1))], textured(0.1, 0))).toBe('face_too_small');
    expect(hintFor([face(points(80, 0.1))], textured(0.1, 0))).toBe('face_turned');
  });

  it('takes dark skin in good light for what it is', () => {
    const darkSkin = crop((x, y) => ((x - 56) ** 2 + (y - 40) ** 2 < 400 ? 150 : 45 + 8 * ((x + y) % 2)));
    expect(hintFor([face()], darkSkin)).toBeNull();
  });
});

describe('refusalOf', () => {
  it('refuses what no template can be made of, and nothing else', () => {
    expect(refusalOf(face(points(19)), GOOD)).toBe('face_too_small');
    expect(refusalOf(face(), textured(0.1, 8))).toBe('too_dark');
    expect(refusalOf(face(points(21, 0.1)), textured(0.5, 0))).toBeNull();
  });

  it('does not take a face that is turned aside for a small one', () => {
    const { leftEye, nose, mouth } = points(40);
    const profile = { leftEye, rightEye: { x: leftEye.x + 8, y: leftEye.y }, nose, mouth };
    expect(refusalOf(face(profile), GOOD)).toBeNull();
  });
});

describe('isTurned', () => {
  it.each([
    ['straight', 0.5, 0, false],
    ['nose to the left', 0.25, 0, true],
    ['nose to the right', 0.75, 0, true],
    ['nose beyond an eye', 1.2, 0, true],
    ['a little tilted', 0.5, 0.3, false],
    ['much tilted', 0.5, -0.6, true],
    ['upside down', 0.5, Math.PI, true],
  ])('%s', (_, nose, tilt, expected) => {
    expect(isTurned(points(80, nose, tilt))).toBe(expected);
  });

  it('takes points that coincide for turned', () => {
    expect(isTurned(points(0))).toBe(true);
  });
});

describe('sharpness', () => {
  it('does not depend on contrast', () => {
    const pattern = Float32Array.from({ length: CROP_SIZE ** 2 }, (_, i) => 100 + 50 * Math.sin(i * i));
    const dim = pattern.map((value) => value / 3);
    expect(sharpness(dim)).toBeCloseTo(sharpness(pattern), 3);
  });

  it('is finite for a picture of one colour', () => {
    expect(sharpness(new Float32Array(CROP_SIZE ** 2).fill(7))).toBe(0);
  });
});
