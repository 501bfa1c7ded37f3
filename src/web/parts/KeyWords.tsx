import { useEffect, useId } from 'react';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';

/** The words of a key that was just made, and with `onKept` a button for who has them. */
export function KeyWords({ words, onKept }: { words: readonly string[]; onKept?: () => void }) {
  const { t } = useTexts();
  const id = useId();
  // They are shown once: whoever closes the page is asked first.
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, []);
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
      {onKept && (
        <Button icon="check" onPress={onKept}>
          {t('ownKey.wordsKept')}
        </Button>
      )}
    </section>
  );
}
