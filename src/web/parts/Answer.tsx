import { useEffect, useRef, type ReactNode } from 'react';
import { useKeepFocus } from '../useKeepFocus.js';
import type { Action } from '../useSession.js';
import { Icon, type IconName } from './Icon.js';
import { useTexts } from '../useTexts.js';

/** What an outcome says, in words. */
export interface Words {
  readonly sign: 'yes' | 'no';
  readonly title: string;
  readonly text: ReactNode;
}

interface AnswerProps {
  action: Action;
  /** Null while there is no outcome. */
  words: Words | null;
  /** Shown before anything was asked, and not said: who types would be talked over. */
  children: ReactNode;
}

/** The one place where a page answers: what is going on, the outcome, or why there is none. */
export function Answer({ action, words, children }: AnswerProps) {
  const { t, sentenceOf } = useTexts();
  const { activity, outcome, error, wrong } = action;
  const region = useRef<HTMLDivElement>(null);
  useKeepFocus(region, action);

  useEffect(() => {
    if (activity === 'idle' && !outcome && !error) return;
    // With the next drawing: laying the page out for it alone would keep the answer waiting.
    const frame = requestAnimationFrame(() => region.current?.scrollIntoView({ block: 'nearest' }));
    return () => cancelAnimationFrame(frame);
  }, [activity, outcome, error]);

  const sign =
    activity !== 'idle' ? (
      <Sign kind="busy" icon="dots" title={t(`answer.${activity}`)} text={t(`answer.${activity}Text`)} />
    ) : error ? (
      <Sign
        kind="trouble"
        icon="warning"
        title={error === 'server_away' ? t('answer.away') : t('answer.failed')}
        text={sentenceOf(error, wrong)}
      />
    ) : words ? (
      <Sign kind={words.sign} icon={words.sign === 'yes' ? 'check' : 'cross'} title={words.title} text={words.text} />
    ) : null;

  return (
    <>
      <div ref={region} className="answer" role="status" tabIndex={-1}>
        {sign}
      </div>
      {sign === null && children}
    </>
  );
}

function Sign({ kind, icon, title, text }: { kind: string; icon: IconName; title: string; text: ReactNode }) {
  return (
    <div className={`sign ${kind}`}>
      <div className="sign-mark">
        <Icon name={icon} />
      </div>
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
  );
}
