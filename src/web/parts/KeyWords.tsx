import { useId } from 'react';
import { useTexts } from '../useTexts.js';

/** The words of a key that was just made. */
export function KeyWords({ words }: { words: readonly string[] }) {
  const { t } = useTexts();
  const id = useId();
  return (
    <section className="card form" aria-labelledby={id}>
      <h2 id={id}>{t('ownKey.wordsTitle')}</h2>
      <p>{t('ownKey.wordsText')} </p>
      <ol className="codes">
        {words.map((word, i) => (
          <li key={i}>
            <code>{word}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
