import type { ReactNode } from 'react';

/** What will happen, step by step, before it does. */
export function Explanation({ steps }: { steps: readonly ReactNode[] }) {
  return (
    <div className="explanation">
      <h2>What will happen</h2>
      <ol>
        {steps.map((step, i) => (
          <li key={i}>{step}</li>
        ))}
      </ol>
    </div>
  );
}
