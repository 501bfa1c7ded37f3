import { useEffect, useEffectEvent, useState, type RefObject } from 'react';
import type { ErrorCode } from '../client/messages.js';
import type { Session } from '../client/types.js';
import { countdown, NOTHING_SEEN, observe } from './guide.js';

/** Rest between two looks, in ms. */
export const BETWEEN_LOOKS = 150;

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
        guide = observe(guide, (await session.look(seen)).hint, performance.now());
        if (!watching) return frame.close();
        const counted = countdown(guide, performance.now(), takenAt);
        setGuidance({ hint: guide.hint, counted });
        if (counted === 1) {
          takenAt = performance.now();
          take(frame);
        } else {
          frame.close();
        }
      }
    };
    watch().catch(() => setGuidance(NOTHING));
    return () => {
      watching = false;
    };
  }, [session, video]);

  return guidance;
}
