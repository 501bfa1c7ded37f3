import { useEffect, useRef, type ReactNode } from 'react';
import { sentence, type ErrorCode } from '../../client/messages.js';
import { useKeepFocus } from '../useKeepFocus.js';
import type { Action } from '../useSession.js';
import { Icon, type IconName } from './Icon.js';

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
  /** Shown before anything was asked. */
  children: ReactNode;
}

const WORK: Record<Exclude<Action['activity'], 'idle'>, { title: string; text: string }> = {
  opening: {
    title: 'Opening',
    text: 'Your device decrypts the key and derives what it stands for. That takes a few seconds.',
  },
  encoding: { title: 'Encoding', text: 'Your device finds the face, computes its features and hides them.' },
  sending: { title: 'Sending', text: 'The request is on its way; no picture is part of it.' },
};

/** The one place where a page answers: what is going on, the outcome, or why there is none. */
export function Answer({ action, words, children }: AnswerProps) {
  const { activity, outcome, error } = action;
  const region = useRef<HTMLDivElement>(null);
  useKeepFocus(region, action);

  useEffect(() => {
    if (activity !== 'idle' || outcome || error) region.current?.scrollIntoView({ block: 'nearest' });
  }, [activity, outcome, error]);

  return (
    <div ref={region} className="answer" role="status" tabIndex={-1}>
      {activity !== 'idle' ? (
        <Sign kind="busy" icon="dots" {...WORK[activity]} />
      ) : error ? (
        <Sign kind="trouble" icon="warning" title={titleOf(error)} text={sentence(error)} />
      ) : words ? (
        <Sign kind={words.sign} icon={words.sign === 'yes' ? 'check' : 'cross'} title={words.title} text={words.text} />
      ) : (
        children
      )}
    </div>
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

function titleOf(error: ErrorCode): string {
  return error === 'server_away' ? 'The cloud is away' : 'That did not work';
}
