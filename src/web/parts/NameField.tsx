import { MAX_SUBJECT_LENGTH } from '../../client/messages.js';
import { TextField } from './TextField.js';
import { useTexts } from '../useTexts.js';

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
  const { t } = useTexts();
  return (
    <TextField
      label={label}
      hint={hint}
      value={value}
      onChange={onChange}
      invalid={invalid}
      autoComplete="username"
      autoCapitalize="words"
      maxLength={MAX_SUBJECT_LENGTH}
    >
      {known.length > 0 && (
        <ul className="known" aria-label={t('enrol.known')}>
          {known.map((name) => (
            <li key={name}>
              <button type="button" className="btn btn-sm" aria-pressed={name === value} onClick={() => onChange(name)}>
                {name}
              </button>
            </li>
          ))}
        </ul>
      )}
    </TextField>
  );
}
