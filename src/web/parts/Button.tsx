import type { ReactNode, Ref } from 'react';
import { Icon, type IconName } from './Icon.js';

/** Says it in the kit's words. */
export const BUTTON = {
  primary: 'btn btn-primary',
  plain: 'btn btn-outline',
  quiet: 'btn btn-ghost',
  danger: 'btn btn-outline btn-error',
} as const;

interface ButtonProps {
  children: ReactNode;
  onPress: () => void;
  /** Pressed also by Enter in a field of the form around it. */
  submits?: boolean;
  icon?: IconName;
  kind?: keyof typeof BUTTON;
  /** Says no to presses, but keeps the focus, which a disabled button would lose. */
  unavailable?: boolean;
  /** Says more than the text shown, to those who do not see what is around it. */
  label?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  children,
  onPress,
  icon,
  kind = 'plain',
  unavailable = false,
  submits = false,
  label,
  ref,
}: ButtonProps) {
  return (
    <button
      ref={ref}
      type={submits ? 'submit' : 'button'}
      className={BUTTON[kind]}
      aria-disabled={unavailable || undefined}
      aria-label={label}
      onClick={(event) => {
        // Nothing is sent by forms: they would load another page.
        event.preventDefault();
        if (!unavailable) onPress();
      }}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
