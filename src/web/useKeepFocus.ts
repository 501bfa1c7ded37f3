import { useEffect, useRef, type RefObject } from 'react';

/** Moves the focus to `refuge` when the element that had it went away with `change`, rather than losing it to the top of the page. */
export function useKeepFocus(refuge: RefObject<HTMLElement | null>, change: unknown): void {
  const latest = useRef<Element | null>(null);

  useEffect(() => {
    const remember = () => (latest.current = document.activeElement);
    remember();
    document.addEventListener('focusin', remember);
    return () => document.removeEventListener('focusin', remember);
  }, []);

  useEffect(() => {
    if (!latest.current || latest.current.isConnected || document.activeElement !== document.body) return;
    latest.current = null;
    refuge.current?.focus({ preventScroll: true });
  }, [refuge, change]);
}
