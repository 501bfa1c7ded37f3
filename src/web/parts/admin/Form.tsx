import type { ReactNode } from 'react';

/** Fields and the button that Enter presses. It sends nothing by itself. */
export function Form({ label, children }: { label: string; children: ReactNode }) {
  return (
    <form className="form" aria-label={label} autoComplete="off" noValidate>
      {children}
    </form>
  );
}
