import { useId, type ReactNode } from 'react';

interface SelectFieldProps {
  label: string;
  hint?: string;
  options: readonly { readonly value: string; readonly name: string; readonly lang?: string }[];
  value: string;
  onChange: (value: string) => void;
  /** Below it. */
  children?: ReactNode;
}

/** A choice of one out of many. */
export function SelectField({ label, hint, options, value, onChange, children }: SelectFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <select
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} lang={option.lang}>
            {option.name}
          </option>
        ))}
      </select>
      {children}
    </div>
  );
}
