import { Field, type FieldProps } from './Field.js';

interface SelectFieldProps<Value extends string> extends FieldProps {
  options: readonly { readonly value: Value; readonly name: string; readonly lang?: string }[];
  value: Value;
  onChange: (value: Value) => void;
}

/** A choice of one out of many. */
export function SelectField<Value extends string>({ options, value, onChange, ...field }: SelectFieldProps<Value>) {
  return (
    <Field
      {...field}
      control={(ties) => (
        <select
          {...ties}
          className="select"
          value={value}
          onChange={(event) => onChange(options[event.target.selectedIndex]!.value)}
        >
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
