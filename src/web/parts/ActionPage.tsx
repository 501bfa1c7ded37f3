import type { ReactNode } from 'react';

interface ActionPageProps {
  title: string;
  lead: string;
  /** What is filled in. */
  form: ReactNode;
  /** What is answered. */
  answer: ReactNode;
  /** What is explained afterwards, over the whole width. */
  children?: ReactNode;
}

/** Form and answer beside each other, or below each other on phones. */
export function ActionPage({ title, lead, form, answer, children }: ActionPageProps) {
  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>{title}</h1>
        <p className="lead">{lead}</p>
      </div>
      <div className="desk">
        <div className="card form">{form}</div>
        <div className="card side">{answer}</div>
      </div>
      {children}
    </>
  );
}
