import type { KeyboardEvent, ReactNode } from 'react';

/** A card with what is filled in. Enter in a field of text presses the button that submits; on a switch or a choice it does nothing. */
export function EntryForm({ children }: { children: ReactNode }) {
  const keep = (event: KeyboardEvent) => {
    const { target } = event;
    const chooses = target instanceof HTMLInputElement && (target.type === 'checkbox' || target.type === 'radio');
    if (chooses && event.key === 'Enter') event.preventDefault();
  };
  return (
    <form className="card form" noValidate onKeyDown={keep} onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}
