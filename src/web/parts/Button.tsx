import type { ReactNode, Ref } from 'react';
import { Icon, type IconName } from './Icon.js';

interface ButtonProps {
  children: ReactNode;
  onPress: () => void;
  icon?: IconName;
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  /** Says no to presses, but keeps the focus, which a disabled button would lose. */
  unavailable?: boolean;
  /** Says more than the text shown, to those who do not see what is around it. */
  label?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ children, onPress, icon, kind = 'plain', unavailable = false, label, ref }: ButtonProps) {
  return (
    <button
      ref={ref}
      type="button"
      className={`button ${kind}`}
      aria-disabled={unavailable || undefined}
      aria-label={label}
      onClick={() => {
        if (!unavailable) onPress();
      }}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
