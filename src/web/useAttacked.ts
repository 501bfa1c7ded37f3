import { createContext, useContext } from 'react';
import type { Capture } from '../client/types.js';

/** What was sent last and is to be attacked; null before anything was. Kept in the page's memory only. */
export interface Attacked {
  readonly capture: Capture | null;
  readonly keep: (capture: Capture) => void;
}

export const AttackedContext = createContext<Attacked>({ capture: null, keep: () => {} });

export function useAttacked(): Attacked {
  return useContext(AttackedContext);
}
