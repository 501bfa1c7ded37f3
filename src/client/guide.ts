import type { ErrorCode } from '../core/errors.js';
import type { Session } from './types.js';

/** Looks that must agree before a hint is shown or a picture is good, so that nothing flickers. */
const AGREEING = 2;
/** Least time between two pictures, and for how long a picture is good before it is taken, in ms. */
const BETWEEN_SHOTS = 1000;
const COUNTDOWN = 1500;
/** Rest between two looks, in ms. */
export const BETWEEN_LOOKS = 150;
/** Where a countdown waits for a good look. */
const ALMOST = 0.99;

/** What the camera has been seeing. */
export interface Guide {
  /** The hint to show; null when the picture is good, undefined before anything is known. */
  readonly hint: ErrorCode | null | undefined;
  /** The hint of the last look, and how many looks in a row gave it. */
  readonly latest: ErrorCode | null | undefined;
  readonly agreeing: number;
  /** Since when, in ms, looks are good, but for single ones; null if they are not. */
  readonly goodSince: number | null;
}

export const NOTHING_SEEN: Guide = { hint: undefined, latest: undefined, agreeing: 0, goodSince: null };

/** Takes in one more look, of the time `now` in ms. */
export function observe(guide: Guide, hint: ErrorCode | null, now: number): Guide {
  const agreeing = guide.latest === hint ? guide.agreeing + 1 : 1;
  return {
    hint: agreeing >= AGREEING ? hint : guide.hint,
    latest: hint,
    agreeing,
    goodSince: hint === null ? (guide.goodSince ?? now) : agreeing >= AGREEING ? null : guide.goodSince,
  };
}

/** How far the countdown to a picture is. */
export interface Countdown {
  /** That is over, in [0, 1]; at 1 the picture is taken. */
  readonly part: number;
  /** That are left, whole ones, in s. */
  readonly seconds: number;
}

/**
 * The countdown to a picture at `now`, when the last one was taken at `takenAt`, both in ms; null while the picture is not good. A single
 * bad look holds it up at the end, and does not begin it anew.
 */
export function countdown(guide: Guide, now: number, takenAt: number): Countdown | null {
  const { hint, latest, agreeing, goodSince } = guide;
  if (hint !== null || goodSince === null) return null;
  const most = latest === null && agreeing >= AGREEING ? 1 : ALMOST;
  const left = Math.max(goodSince + COUNTDOWN, takenAt + BETWEEN_SHOTS) - now;
  return {
    part: Math.min(most, (now - goodSince) / COUNTDOWN, (now - takenAt) / BETWEEN_SHOTS),
    seconds: Math.max(0, Math.ceil(left / 1000)),
  };
}

/**
 * Looks through a playing video several times a second, until it is told to stop.
 *
 * @param video what plays now, if anything does
 * @param onLook gets what has been seen so far, and the frame of the last look, which it closes
 * @throws what `session.look` rejects with
 */
export async function watch(
  session: Pick<Session, 'look'>,
  video: () => HTMLVideoElement | null,
  onLook: (guide: Guide, frame: ImageBitmap) => void,
  signal: AbortSignal,
): Promise<void> {
  let guide = NOTHING_SEEN;
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    const playing = video();
    if (signal.aborted || !isPlaying(playing)) continue;
    // Looking closes its frame; the other one of the same moment is for keeping.
    const [seen, frame] = await Promise.all([createImageBitmap(playing), createImageBitmap(playing)]);
    // A session that ends while it looks answers no more.
    const close = () => frame.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    const { hint } = await session.look(seen).catch((error: unknown) => {
      close();
      throw error;
    });
    signal.removeEventListener('abort', close);
    if (signal.aborted) return;
    guide = observe(guide, hint, performance.now());
    onLook(guide, frame);
  }
}

/** What a video shows at this moment; null if it shows nothing yet. */
export async function frameOf(video: HTMLVideoElement | null): Promise<ImageBitmap | null> {
  return isPlaying(video) ? createImageBitmap(video) : null;
}

function isPlaying(video: HTMLVideoElement | null): video is HTMLVideoElement {
  return video !== null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
}
