import { useRef } from 'react';
import type { Picture } from '../client/types.js';

/** Gets a fresh challenge, which whoever asks keeps for the message. 32 hexadecimal digits. Rejects with XnnError. */
export type Challenger = () => Promise<string>;

/**
 * Keeps the challenge of the last liveness check for the message of its pictures.
 *
 * @param offer gets a fresh one, with whatever else the message is made for
 */
export function useCheckedFor<Offer extends { readonly challenge: string }>(offer: () => Promise<Offer>) {
  const kept = useRef<Offer>(undefined);
  return {
    challenger: async () => {
      kept.current = await offer();
      return kept.current.challenge;
    },
    /** What these pictures were checked for, once; undefined for photos, and when it was used. */
    offerFor(pictures: readonly Picture[]): Offer | undefined {
      const checked = pictures.every((picture) => !(picture instanceof Blob)) ? kept.current : undefined;
      kept.current = undefined;
      return checked;
    },
    /** For the next try, after one in which nothing was sent. */
    giveBack(checked: Offer | undefined) {
      kept.current = checked;
    },
  };
}
