import { useState } from 'react';
import { XnnError, type ErrorCode } from '../client/messages.js';
import type { Capture, Picture } from '../client/types.js';
import { copyOf } from './pictures.js';
import { useSession } from './useSession.js';

/**
 * A picture of the visitor's choice that is made ready for sending and then not sent.
 *
 * @param onChange called when another is chosen, or none
 * @returns the choice, its picker's properties, what is to be called once there is one, and why it was refused if it was
 */
export function useRehearsal(onChange: () => void) {
  const session = useSession();
  const [pictures, setPictures] = useState<readonly Picture[]>([]);
  const [refusal, setRefusal] = useState<ErrorCode | null>(null);

  const onPictures = (next: readonly Picture[]) => {
    setPictures(next);
    setRefusal(null);
    onChange();
  };
  const rehearse = async (perform: (capture: Capture) => void) => {
    setRefusal(null);
    try {
      perform(await session.rehearse(await copyOf(pictures[0]!)));
    } catch (error) {
      setRefusal(error instanceof XnnError ? error.code : 'page_failed');
    }
  };
  const picker = { pictures, onPictures, most: 1, shots: 1, automatic: false };
  return { pictures, picker, rehearse, refusal };
}
