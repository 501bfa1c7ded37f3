import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';

interface Parts {
  /** Of an own key. */
  readonly words: readonly string[];
  /** Recovery codes of the account. */
  readonly codes: readonly string[];
}

/** What is shown once. It stays in the page's memory, whatever page is shown, until its person says that it is written down. */
interface ShownOnce extends Parts {
  readonly show: (parts: Partial<Parts>) => void;
}

const NOTHING: Parts = { words: [], codes: [] };

export const ShownOnceContext = createContext<ShownOnce>({ ...NOTHING, show: () => {} });

export function useShownOnce(): ShownOnce {
  return useContext(ShownOnceContext);
}

/** For the frame around all pages. Who closes it before all is written down is asked first. */
export function useKeptUntilWritten(): ShownOnce {
  const [parts, setParts] = useState(NOTHING);
  const isWritten = parts.words.length === 0 && parts.codes.length === 0;
  useEffect(() => {
    if (isWritten) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isWritten]);
  const show = useCallback((changed: Partial<Parts>) => setParts((parts) => ({ ...parts, ...changed })), []);
  return useMemo(() => ({ ...parts, show }), [parts, show]);
}
