import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { countdown, NOTHING_SEEN, observe } from './guide.js';

/** Looks from 0 on, 200 ms apart. */
const after = (...hints: (ErrorCode | null)[]) =>
  hints.reduce((guide, hint, i) => observe(guide, hint, 200 * i), NOTHING_SEEN);

describe('observe', () => {
  it('shows a hint once two looks agree', () => {
    expect(after('no_face').hint).toBeUndefined();
    expect(after('no_face', 'no_face').hint).toBe('no_face');
  });

  it('keeps the hint through a single look that differs', () => {
    expect(after('no_face', 'no_face', 'blurred').hint).toBe('no_face');
    expect(after('no_face', 'no_face', 'blurred', 'no_face').hint).toBe('no_face');
  });

  it('says good as slowly as it says anything else', () => {
    expect(after('too_dark', 'too_dark', null).hint).toBe('too_dark');
    expect(after('too_dark', 'too_dark', null, null).hint).toBeNull();
  });
});

describe('countdown', () => {
  const LONG_AGO = -10_000;
  const part = (...given: Parameters<typeof countdown>) => countdown(...given)?.part ?? null;

  it('wants two good looks in a row', () => {
    expect(part(after(null), 5000, LONG_AGO)).toBeNull();
    expect(part(after(null, 'blurred', null), 5000, LONG_AGO)).toBeNull();
    expect(part(after(null, null), 5000, LONG_AGO)).toBe(1);
  });

  it('lasts a second and a half, from the first good look on', () => {
    expect(part(after('blurred', null, null), 200, LONG_AGO)).toBe(0);
    expect(part(after('blurred', null, null), 950, LONG_AGO)).toBe(0.5);
    expect(part(after('blurred', null, null), 1699, LONG_AGO)).toBeLessThan(1);
    expect(part(after('blurred', null, null), 1700, LONG_AGO)).toBe(1);
  });

  it('takes nothing at a bad look, goes on after a single one and begins anew after two', () => {
    expect(part(after(null, null, null, 'blurred'), 5000, LONG_AGO)).toBeLessThan(1);
    expect(part(after(null, null, 'blurred', null, null), 1500, LONG_AGO)).toBe(1);
    expect(part(after(null, null, 'blurred', 'blurred'), 5000, LONG_AGO)).toBeNull();
    expect(part(after(null, null, 'blurred', 'blurred', null, null), 800, LONG_AGO)).toBe(0);
  });

  it('leaves a second between pictures', () => {
    expect(part(after(null, null), 5999, 5000)).toBeLessThan(1);
    expect(part(after(null, null), 6000, 5000)).toBe(1);
  });

  it('says how many seconds are left, to the picture or from the last one', () => {
    const good = after(null, null);
    expect([0, 499, 501, 1499, 1500, 2000].map((now) => countdown(good, now, LONG_AGO)?.seconds)).toEqual([
      2, 2, 1, 1, 0, 0,
    ]);
    expect(countdown(good, 5001, 5000)?.seconds).toBe(1);
    expect(countdown(good, 5001, -Infinity)).toEqual({ part: 1, seconds: 0 });
  });
});
