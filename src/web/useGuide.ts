import { useEffect, useEffectEvent, useState, type RefObject } from 'react';
import type { ErrorCode } from '../client/messages.js';
import type { Session } from '../client/types.js';
import { isMoment, NOTHING_SEEN, observe } from './guide.js';

/** Rest between two looks, in ms. */
const BETWEEN_LOOKS = 150;

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
    let watching = true;
    const watch = async () => {
      let guide = NOTHING_SEEN;
      let takenAt = performance.now();
      while (watching) {
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
        const playing = video.current;
        if (!playing || playing.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
        // Looking closes its frame; the other one of the same moment is for keeping.
        const [seen, frame] = await Promise.all([createImageBitmap(playing), createImageBitmap(playing)]);
        guide = observe(guide, (await session.look(seen)).hint);
        if (!watching) return frame.close();
        setHint(guide.hint);
        if (isMoment(guide, performance.now(), takenAt)) {
          takenAt = performance.now();
          take(frame);
        } else {
          frame.close();
        }
      }
    };
    watch().catch(() => setHint(undefined));
    return () => {
      watching = false;
    };
  }, [session, video]);

  return hint;
}
