import { useId } from 'react';
import { MAX_SUBJECT_LENGTH } from '../../client/messages.js';

interface NameFieldProps {
  label: string;
  hint?: string;
  value: string;
  onChange: (name: string) => void;
  invalid: boolean;
  /** Names to choose from with one press. */
  known?: readonly string[];
}

export function NameField({ label, hint, value, onChange, invalid, known = [] }: NameFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <input
        id={id}
        type="text"
        autoComplete="username"
        autoCapitalize="words"
        spellCheck={false}
        maxLength={MAX_SUBJECT_LENGTH}
        value={value}
        aria-invalid={invalid || undefined}
        aria-describedby={hint && `${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      {known.length > 0 && (
        <ul className="known" aria-label="Names enrolled in this browser">
          {known.map((name) => (
            <li key={name}>
              <button type="button" aria-pressed={name === value} onClick={() => onChange(name)}>
                {name}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
