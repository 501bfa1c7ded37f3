import type { InputHTMLAttributes } from 'react';
import { Field, type FieldProps } from './Field.js';

interface TextFieldProps
  extends
    FieldProps,
    Pick<
      InputHTMLAttributes<HTMLInputElement>,
      'type' | 'autoComplete' | 'autoCapitalize' | 'maxLength' | 'inputMode' | 'placeholder'
    > {
  value: string;
  onChange: (value: string) => void;
  invalid?: boolean;
}

/** A line of text and what it is for. */
export function TextField({ label, hint, value, onChange, invalid = false, children, ...input }: TextFieldProps) {
  return (
    <Field
      label={label}
      hint={hint}
      control={(ties) => (
        <input
          className="input"
          type="text"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          {...input}
          {...ties}
          value={value}
          aria-invalid={invalid || undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    >
      {children}
    </Field>
  );
}
