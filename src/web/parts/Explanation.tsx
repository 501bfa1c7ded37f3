import type { ReactNode } from 'react';
import { useTexts } from '../useTexts.js';

/** What will happen, step by step, before it does. */
export function Explanation({ steps }: { steps: readonly ReactNode[] }) {
  const { t } = useTexts();
  return (
    <div className="explanation">
      <h2>{t('answer.explanation')}</h2>
      <ol>
        {steps.map((step, i) => (
          <li key={i}>{step}</li>
        ))}
      </ol>
    </div>
  );
}
