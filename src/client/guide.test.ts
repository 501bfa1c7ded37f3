import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { isMoment, NOTHING_SEEN, observe } from './guide.js';

const after = (...hints: (ErrorCode | null)[]) => hints.reduce(observe, NOTHING_SEEN);

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

describe('isMoment', () => {
  it('wants two good looks in a row', () => {
    expect(isMoment(after(null), 5000, 0)).toBe(false);
    expect(isMoment(after(null, 'blurred', null), 5000, 0)).toBe(false);
    expect(isMoment(after(null, null), 5000, 0)).toBe(true);
  });

  it('stops at once when a look is bad', () => {
    expect(isMoment(after(null, null, null, 'blurred'), 5000, 0)).toBe(false);
  });

  it('leaves a second between pictures', () => {
    expect(isMoment(after(null, null), 5999, 5000)).toBe(false);
    expect(isMoment(after(null, null), 6000, 5000)).toBe(true);
  });
});
