import { useId, useRef, type ReactNode } from 'react';
import { useKeepFocus } from '../../useKeepFocus.js';

/** A part of the administration. The focus goes to its title when what had it is gone with `change`. */
export function Section({ title, change, children }: { title: string; change?: unknown; children: ReactNode }) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useKeepFocus(heading, change);
  return (
    <section className="card form" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  );
}
