import { useEffect, useEffectEvent, useState, type RefObject } from 'react';
import { countdown, watch, type Guide } from '../client/guide.js';
import { XnnError, type ErrorCode } from '../client/messages.js';
import type { Session } from '../client/types.js';

interface Guidance {
  /** The hint to show; null when the picture is good, undefined before anything is known. */
  readonly hint: ErrorCode | null | undefined;
  /** Part of the countdown to the next picture that is over, in [0, 1]; null without one. */
  readonly counted: number | null;
}

const NOTHING: Guidance = { hint: undefined, counted: null };

/**
 * Looks through a playing video several times a second, and says what to change.
 *
 * @param onGood gets a good frame after a countdown, at most once a second, and closes it
 */
export function useGuide(
  session: Session,
  video: RefObject<HTMLVideoElement | null>,
  onGood: (frame: ImageBitmap) => void,
): Guidance {
  const [guidance, setGuidance] = useState(NOTHING);
  const take = useEffectEvent(onGood);

  useEffect(() => {
    const ending = new AbortController();
    let takenAt = performance.now();
    const see = (guide: Guide, frame: ImageBitmap) => {
      const counted = countdown(guide, performance.now(), takenAt)?.part ?? null;
      setGuidance({ hint: guide.hint, counted });
      if (counted !== 1) return frame.close();
      takenAt = performance.now();
      take(frame);
    };
    watch(session, () => video.current, see, ending.signal).catch((error: unknown) =>
      setGuidance({ hint: error instanceof XnnError ? error.code : 'page_failed', counted: null }),
    );
    return () => ending.abort();
  }, [session, video]);

  return guidance;
}
