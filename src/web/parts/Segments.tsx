import { useId } from 'react';
import { Icon, type IconName } from './Icon.js';

interface SegmentsProps<Value extends string | number> {
  label: string;
  options: readonly { readonly value: Value; readonly name: string; readonly icon?: IconName }[];
  value: Value;
  onChange: (value: Value) => void;
}

/** A choice of a few, all visible. Radio buttons underneath: arrow keys work. */
export function Segments<Value extends string | number>({ label, options, value, onChange }: SegmentsProps<Value>) {
  const name = useId();
  return (
    <fieldset className="tabs tabs-box">
      <legend className="hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="tab">
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          {option.icon && <Icon name={option.icon} />}
          {option.name}
        </label>
      ))}
    </fieldset>
  );
}
