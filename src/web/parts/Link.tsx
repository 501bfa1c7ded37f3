import type { MouseEvent, ReactNode } from 'react';
import { navigate } from '../useRoute.js';
import { PATHS, type Page } from '../routes.js';

interface LinkProps {
  to: Page;
  className?: string;
  /** Whether the link leads to the page that is shown. */
  current?: boolean;
  /** Called before the page is left. */
  onFollow?: () => void;
  /** Given by the text where the link stands in one. */
  children?: ReactNode;
}

/** A link to a page of this app. Opening it in another tab works as with any link. */
export function Link({ to, className, current = false, onFollow, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onFollow?.();
    navigate(to);
  };
  return (
    <a href={PATHS[to]} className={className} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
