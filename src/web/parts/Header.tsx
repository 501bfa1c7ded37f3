import type { Page } from '../routes.js';
import { Icon } from './Icon.js';
import { Link } from './Link.js';
import { Logo } from './Logo.js';
import { StatusChip } from './StatusChip.js';
import { ThemeToggle } from './ThemeToggle.js';

const TABS = [
  ['home', 'Start'],
  ['enrol', 'Enrol'],
  ['verify', 'Verify'],
  ['identify', 'Identify'],
  ['forget', 'Forget'],
] as const satisfies readonly (readonly [Page, string])[];

/** On wide screens one line at the top; on phones the pages are tabs within the thumb's reach. */
export function Header({ page }: { page: Page | null }) {
  return (
    <header className="header">
      <Link to="home" className="brand">
        <Logo />
        <span>
          XNN<i>-d</i>
        </span>
      </Link>
      <nav className="tabs" aria-label="Pages">
        {TABS.map(([to, name]) => (
          <Link key={to} to={to} current={page === to}>
            <Icon name={to} />
            <span>{name}</span>
          </Link>
        ))}
      </nav>
      <StatusChip />
      <ThemeToggle />
    </header>
  );
}
