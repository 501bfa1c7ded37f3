import type { Page } from '../routes.js';
import { Brand } from './Brand.js';
import { Icon } from './Icon.js';
import { Link } from './Link.js';
import { StatusChip } from './StatusChip.js';
import { ThemeToggle } from './ThemeToggle.js';
import { useTexts } from '../useTexts.js';

const PLACES = ['home', 'enrol', 'verify', 'identify', 'forget'] as const satisfies readonly Page[];

/** On wide screens one line at the top; on phones the pages are tabs within the thumb's reach. */
export function Header({ page }: { page: Page | null }) {
  const { t } = useTexts();
  return (
    <header className="header">
      <Brand />
      <nav className="places" aria-label={t('frame.pages')}>
        {PLACES.map((to) => (
          <Link key={to} to={to} current={page === to}>
            <Icon name={to} />
            <span>{t(`tabs.${to}`)}</span>
          </Link>
        ))}
      </nav>
      <StatusChip />
      <ThemeToggle />
    </header>
  );
}
