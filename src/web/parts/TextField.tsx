import { useId, type InputHTMLAttributes, type ReactNode } from 'react';

interface TextFieldProps extends Pick<
  InputHTMLAttributes<HTMLInputElement>,
  'type' | 'autoComplete' | 'autoCapitalize' | 'maxLength' | 'inputMode' | 'placeholder'
> {
  label: string;
  hint?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  invalid?: boolean;
  /** Below it. */
  children?: ReactNode;
}

/** A line of text and what it is for. */
export function TextField({ label, hint, value, onChange, invalid = false, children, ...input }: TextFieldProps) {
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
        type="text"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...input}
        id={id}
        value={value}
        aria-invalid={invalid || undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {children}
    </div>
  );
}
