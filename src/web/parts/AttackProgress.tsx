import type { ReactNode } from 'react';
import type { AttackState } from '../useAttackers.js';
import { Icon } from './Icon.js';
import { useTexts } from '../useTexts.js';

interface AttackProgressProps {
  state: AttackState<unknown>;
  /** What is going to happen. */
  steps: readonly string[];
  /** Says that what it needs is on its way. */
  loading: string;
  /** Says that it happens. */
  attacking: string;
  /** Says what came of it. */
  done: string;
  /** Level of its headings. */
  heading: 'h2' | 'h3';
  /** That nothing leaves the page for it. */
  children: ReactNode;
}

/** What an attack will do, how far it is, and where its answer is; announced. */
export function AttackProgress({
  state,
  steps,
  loading,
  attacking,
  done,
  heading: Heading,
  children,
}: AttackProgressProps) {
  const { t, sentence } = useTexts();
  return (
    <div className="card side">
      <div role="status" className="explanation">
        {state.stage === 'idle' && (
          <>
            <Heading>{t('answer.explanation')}</Heading>
            <ol>
              {steps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </>
        )}
        {state.stage === 'loading' && (
          <>
            <Heading>{loading}</Heading>
            <progress className="progress progress-primary" aria-label={loading} value={state.fraction} max={1} />
          </>
        )}
        {state.stage === 'attacking' && <Heading>{attacking}</Heading>}
        {state.stage === 'done' && (
          <>
            <Heading>{t('attack.done')}</Heading>
            <p>{done}</p>
          </>
        )}
        {state.stage === 'failed' && (
          <div className="trouble">
            <Heading>{t('answer.failed')}</Heading>
            <p>
              {sentence(state.error)} <code>{state.error}</code>
            </p>
          </div>
        )}
      </div>
      <p className="nothing-else">
        <Icon name="lock" />
        <span>{children} </span>
      </p>
    </div>
  );
}
