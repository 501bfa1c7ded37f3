import { Field, type FieldProps } from './Field.js';

interface SelectFieldProps extends FieldProps {
  options: readonly { readonly value: string; readonly name: string; readonly lang?: string }[];
  value: string;
  onChange: (value: string) => void;
}

/** A choice of one out of many. */
export function SelectField({ options, value, onChange, ...field }: SelectFieldProps) {
  return (
    <Field
      {...field}
      control={(ties) => (
        <select {...ties} value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value} lang={option.lang}>
              {option.name}
            </option>
          ))}
        </select>
      )}
    />
  );
}
