import { useId } from 'react';

/** The words of a key that was just made. */
export function KeyWords({ words }: { words: readonly string[] }) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>The 24 words of your key</h2>
      <p>
        Whoever has them has the key. They are shown this once; on paper they bring it to another browser, or back to
        this one.
      </p>
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
