import { Trans } from 'react-i18next';
import { LanguageField } from './LanguageField.js';
import { useTexts } from '../useTexts.js';
import { Link } from './Link.js';

/** The pages that have no tab. */
const MORE = ['attack', 'ownKey', 'key', 'login', 'settings', 'admin'] as const;

export function Footer() {
  const { t } = useTexts();
  return (
    <footer className="footer">
      <p>
        <Trans i18nKey="frame.method" components={{ cite: <cite />, a: <Link to="report" /> }} />
      </p>
      <nav aria-label={t('frame.more')}>
        <ul className="more">
          {MORE.map((page) => (
            <li key={page}>
              <Link to={page}>{page === 'login' ? t('frame.login') : t(`title.${page}`)}</Link>
            </li>
          ))}
          <li>
            <a href="/docs">{t('frame.api')}</a>
          </li>
        </ul>
      </nav>
      <LanguageField />
    </footer>
  );
}
