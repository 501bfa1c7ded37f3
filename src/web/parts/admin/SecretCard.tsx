import { useEffect, useId, useRef, useState } from 'react';
import { Button } from '../Button.js';
import type { Secret } from './useDesk.js';

/** A secret that is shown this once. Takes the focus, so that nobody passes it by. */
export function SecretCard({ secret, onKept }: { secret: Secret; onKept: () => void }) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => heading.current?.focus(), [secret]);

  const copy = async () => {
    try {
      // Pages that are not secure have none.
      await navigator.clipboard.writeText(secret.value);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };

  return (
    <section className="card form secret" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {secret.title}
      </h2>
      <p>{secret.text} It is not shown again.</p>
      <code>{secret.value}</code>
      <div className="row">
        <Button kind="primary" onPress={() => void copy()}>
          Copy
        </Button>
        <Button icon="check" onPress={onKept}>
          I have kept it
        </Button>
        <p role="status" className="empty">
          {copied === true && 'Copied.'}
          {copied === false && 'The browser does not let it be copied: mark it by hand.'}
        </p>
      </div>
    </section>
  );
}
