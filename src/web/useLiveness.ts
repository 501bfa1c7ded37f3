import { useEffect, useEffectEvent, useRef, useState, type RefObject } from 'react';
import { isVirtualCamera } from '../client/camera.js';
import { beginLiveness, countdown, movesFor, observeLiveness, type Liveness } from '../client/liveness.js';
import { XnnError, type ErrorCode } from '../client/messages.js';
import type { Session } from '../client/types.js';
import { BETWEEN_LOOKS } from '../client/guide.js';
import type { Challenger } from './useCheckedFor.js';

interface Check {
  /** What is known so far; null until the first look. */
  readonly state: Liveness | null;
  /** Part of the countdown to the picture that is over, in [0, 1]; null without one. */
  readonly counted: number | null;
  /** Why it ended without a picture. */
  readonly refusal: ErrorCode | null;
}

const NOTHING: Check = { state: null, counted: null, refusal: null };

/**
 * A liveness check on a playing video. Sends nothing itself.
 *
 * @param wanted frames of those in which one looks straight, which are four: before the first movement and after each
 * @param onPassed gets the last of them, and closes them
 */
export function useLiveness(
  session: Session,
  stream: MediaStream,
  video: RefObject<HTMLVideoElement | null>,
  challenger: Challenger,
  wanted: number,
  onPassed: (frames: readonly ImageBitmap[]) => void,
) {
  const [check, setCheck] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const hurry = useRef(false);
  const ask = useEffectEvent(challenger);
  const pass = useEffectEvent(onPassed);

  useEffect(() => {
    let watching = true;
    hurry.current = false;
    const frames: ImageBitmap[] = [];
    const close = () => frames.splice(0).forEach((frame) => frame.close());
    const watch = async () => {
      if (isVirtualCamera(stream)) throw new XnnError('camera_virtual');
      const moves = movesFor(await ask());
      let state: Liveness | null = null;
      while (watching && (state === null || state.outcome === null)) {
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
        const playing = video.current;
        if (!playing || playing.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
        const at = performance.now();
        // Looking closes its frame; the other one of the same moment is for keeping.
        const [seen, frame] = await Promise.all([createImageBitmap(playing), createImageBitmap(playing)]);
        const study = await session.study(seen, state === null || state.first === null).catch((error: unknown) => {
          frame.close();
          throw error;
        });
        const before: Liveness = state ?? beginLiveness(moves, at);
        state = observeLiveness(before, { at, ...study }, hurry.current);
        const { outcome } = state;
        if (!watching) return frame.close();
        const refusal = outcome === 'passed' ? null : outcome;
        setCheck({ state, counted: countdown(state, performance.now()), refusal });
        if (state.straight === before.straight) frame.close();
        else if (frames.push(frame) > wanted) frames.shift()!.close();
        if (outcome === 'passed') pass(frames.splice(0));
      }
    };
    watch()
      .catch((error: unknown) => {
        if (watching) setCheck({ ...NOTHING, refusal: error instanceof XnnError ? error.code : 'page_failed' });
      })
      .finally(close);
    return () => {
      watching = false;
    };
  }, [session, stream, video, wanted, attempt]);

  return {
    ...check,
    /** Takes the picture at the next good look, if it is time for it. */
    takeNow: () => {
      hurry.current = true;
    },
    /** Begins anew, with another challenge. */
    again: () => {
      setCheck(NOTHING);
      setAttempt((count) => count + 1);
    },
  };
}
