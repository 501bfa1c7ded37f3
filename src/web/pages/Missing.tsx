import { Link } from '../parts/Link.js';
import { useTexts } from '../useTexts.js';

export function Missing() {
  const { t, sentence } = useTexts();
  return (
    <div className="page-title">
      <h1 tabIndex={-1}>{sentence('not_found')}</h1>
      <p>
        <Link to="home">{t('missing.back')}</Link>
      </p>
    </div>
  );
}
