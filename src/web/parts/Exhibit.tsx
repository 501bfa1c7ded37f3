import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.js';

interface ExhibitProps {
  icon: IconName;
  fate: string;
  title: string;
  text: string;
  children: ReactNode;
}

/** One picture of what happened to a face, and whether it left. */
export function Exhibit({ icon, fate, title, text, children }: ExhibitProps) {
  return (
    <figure className={icon === 'send' ? 'exhibit left-here' : 'exhibit'}>
      {children}
      <figcaption>
        <p className="fate">
          <Icon name={icon} /> {fate}
        </p>
        <h3>{title}</h3>
        <p>{text}</p>
      </figcaption>
    </figure>
  );
}
