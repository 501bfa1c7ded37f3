import { useState, type ReactNode } from 'react';
import type { Receipt } from '../../client/types.js';
import type { Action } from '../useSession.js';
import { Answer, type Words } from './Answer.js';
import { EntryForm } from './EntryForm.js';
import { Explanation } from './Explanation.js';
import { Reveal } from './Reveal.js';
import { Sent } from './Sent.js';

interface ActionPageProps {
  title: string;
  lead: string;
  action: Action;
  /** What the outcome says; null while there is none. */
  words: Words | null;
  /** What will happen, shown until something has. */
  steps: readonly ReactNode[];
  /** What was sent, once it was; laid open over the whole width. */
  receipt?: Receipt | undefined;
  /** What is filled in. */
  children: ReactNode;
}

/** Form and answer beside each other, or below each other on phones. */
export function ActionPage({ title, lead, action, words, steps, receipt, children }: ActionPageProps) {
  const [last, setLast] = useState(receipt);
  // Stays while the next is on its way: a page that folds up and unfolds again jumps, and drawing it takes the cores from the networks.
  const open = action.activity === 'idle' ? receipt : last;
  if (open !== last) setLast(open);
  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>{title}</h1>
        <p className="lead">{lead}</p>
      </div>
      <div className="desk">
        <EntryForm>{children}</EntryForm>
        <div className="card side">
          <Answer action={action} words={words}>
            <Explanation steps={steps} />
          </Answer>
          {receipt && <Sent receipt={receipt} />}
        </div>
      </div>
      {open && <Reveal captures={open.captures} />}
    </>
  );
}
