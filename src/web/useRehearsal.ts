import { useEffect, useRef, useState } from 'react';
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

  /** Counts what was asked: an answer that comes after another question, or to nobody, is let fall. */
  const asked = useRef(0);
  useEffect(() => () => void asked.current++, []);

  const onPictures = (next: readonly Picture[]) => {
    asked.current++;
    setPictures(next);
    setRefusal(null);
    onChange();
  };
  const rehearse = async (perform: (capture: Capture) => void) => {
    const mine = ++asked.current;
    setRefusal(null);
    try {
      const capture = await session.rehearse(await copyOf(pictures[0]!));
      if (mine === asked.current) perform(capture);
    } catch (error) {
      if (mine === asked.current) setRefusal(error instanceof XnnError ? error.code : 'page_failed');
    }
  };
  const picker = { pictures, onPictures, most: 1, shots: 1, automatic: false };
  return { pictures, picker, rehearse, refusal };
}
