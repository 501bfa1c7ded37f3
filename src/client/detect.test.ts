import { describe, expect, it } from 'vitest';
import { isCloseUp, onlyFace, withoutBackground, type Face } from './detect.js';

/** A face of a width in pixels, at a place that does not matter. */
function face(width: number): Face {
  const point = { x: 0, y: 0 };
  return {
    box: { x: 0, y: 0, width, height: width },
    points: { leftEye: point, rightEye: point, nose: point, mouth: point },
  };
}

describe('onlyFace', () => {
  it('takes the only one', () => {
    expect(onlyFace([face(100)]).box.width).toBe(100);
  });

  it('ignores faces of less than 40 % of its width', () => {
    expect(onlyFace([face(100), face(39)]).box.width).toBe(100);
    expect(withoutBackground([face(100), face(40), face(39)])).toHaveLength(2);
  });

  it('refuses none, and several', () => {
    expect(() => onlyFace([])).toThrow('no_face');
    expect(() => onlyFace([face(100), face(40)])).toThrow('several_faces');
  });
});

describe('isCloseUp', () => {
  it('is a face of about half the view, which is not looked at again', () => {
    expect([250, 300, 320, 350].map((width) => isCloseUp({ ...face(width), view: 640 }))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('is none that is smaller, or fills the view', () => {
    expect([40, 200, 400, 640].some((width) => isCloseUp({ ...face(width), view: 640 }))).toBe(false);
  });
});
