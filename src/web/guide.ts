import type { ErrorCode } from '../client/messages.js';

/** Looks that must agree before a hint is shown or a picture is good, so that nothing flickers. */
const AGREEING = 2;
/** Least time between two pictures, in ms. */
const BETWEEN_SHOTS = 1000;

/** What the camera has been seeing. */
export interface Guide {
  /** The hint to show; null when the picture is good, undefined before anything is known. */
  readonly hint: ErrorCode | null | undefined;
  /** The hint of the last look, and how many looks in a row gave it. */
  readonly latest: ErrorCode | null | undefined;
  readonly agreeing: number;
}

export const NOTHING_SEEN: Guide = { hint: undefined, latest: undefined, agreeing: 0 };

/** Takes in one more look. */
export function observe(guide: Guide, hint: ErrorCode | null): Guide {
  const agreeing = guide.latest === hint ? guide.agreeing + 1 : 1;
  return { hint: agreeing >= AGREEING ? hint : guide.hint, latest: hint, agreeing };
}

/** Whether a picture should be taken at `now`, when the last one was taken at `takenAt`, both in ms. */
export function isMoment(guide: Guide, now: number, takenAt: number): boolean {
  return guide.latest === null && guide.agreeing >= AGREEING && now - takenAt >= BETWEEN_SHOTS;
}
