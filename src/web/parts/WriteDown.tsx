import { useId, type ReactNode } from 'react';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';
import { showOnce, useShownOnce } from '../useShownOnce.js';

/** What is shown once and not written down yet: the words of an own key, in their order, and recovery codes. */
export function WriteDown() {
  const { t } = useTexts();
  const { words, codes } = useShownOnce();
  return (
    <>
      {codes.length > 0 && (
        <Card title={t('login.codes')} text={t('login.codesText')} onWritten={() => showOnce({ codes: [] })}>
          <ul className="codes">{codes.map(item)}</ul>
        </Card>
      )}
      {words.length > 0 && (
        <Card title={t('ownKey.wordsTitle')} text={t('ownKey.wordsText')} onWritten={() => showOnce({ words: [] })}>
          <ol className="codes">{words.map(item)}</ol>
        </Card>
      )}
    </>
  );
}

function item(text: string, i: number) {
  return (
    <li key={i}>
      <code>{text}</code>
    </li>
  );
}

interface CardProps {
  title: string;
  text: string;
  onWritten: () => void;
  children: ReactNode;
}

function Card({ title, text, onWritten, children }: CardProps) {
  const { t } = useTexts();
  const id = useId();
  return (
    <section className="card form" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p>{text} </p>
      {children}
      <Button icon="check" onPress={onWritten}>
        {t('ownKey.wordsKept')}
      </Button>
    </section>
  );
}
