import { Field, type FieldProps } from './Field.js';

interface TextAreaFieldProps extends FieldProps {
  rows: number;
  value: string;
  onChange: (value: string) => void;
  invalid?: boolean;
}

/** Lines of what is not prose, and what they are for. */
export function TextAreaField({ rows, value, onChange, invalid = false, ...field }: TextAreaFieldProps) {
  return (
    <Field
      {...field}
      control={(ties) => (
        <textarea
          {...ties}
          className="textarea"
          rows={rows}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={value}
          aria-invalid={invalid || undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    />
  );
}
