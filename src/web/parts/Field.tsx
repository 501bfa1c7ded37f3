import { useId, type ReactNode } from 'react';

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Below it. */
  children?: ReactNode;
}

/** What ties a control to its label and its hint. */
interface Ties {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
}

/** A control with what it is for. */
export function Field({ label, hint, control, children }: FieldProps & { control: (ties: Ties) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {control({ id, 'aria-describedby': hint ? `${id}-hint` : undefined })}
      {children}
    </div>
  );
}
