import { useEffect, useEffectEvent, useState, type RefObject } from 'react';
import { isMoment, watch, type Guide } from '../client/guide.js';
import type { ErrorCode } from '../client/messages.js';
import type { Session } from '../client/types.js';

/**
 * Looks through a playing video several times a second, and says what to change.
 *
 * @param onGood gets a good frame, at most once a second, and closes it
 * @returns the hint to show; null when the picture is good, undefined before anything is known
 */
export function useGuide(
  session: Session,
  video: RefObject<HTMLVideoElement | null>,
  onGood: (frame: ImageBitmap) => void,
): ErrorCode | null | undefined {
  const [hint, setHint] = useState<ErrorCode | null | undefined>(undefined);
  const take = useEffectEvent(onGood);

  useEffect(() => {
    const ending = new AbortController();
    let takenAt = performance.now();
    const see = (guide: Guide, frame: ImageBitmap) => {
      setHint(guide.hint);
      if (!isMoment(guide, performance.now(), takenAt)) return frame.close();
      takenAt = performance.now();
      take(frame);
    };
    watch(session, () => video.current, see, ending.signal).catch(() => setHint(undefined));
    return () => ending.abort();
  }, [session, video]);

  return hint;
}
