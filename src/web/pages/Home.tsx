import { useRef, type RefObject } from 'react';
import { Trans } from 'react-i18next';
import { BUTTON } from '../parts/Button.js';
import { Icon } from '../parts/Icon.js';
import { Link } from '../parts/Link.js';
import { PathPicture } from '../parts/PathPicture.js';
import { Welcome } from '../parts/Welcome.js';
import '../styles/home.css';
import { useKeepFocus } from '../useKeepFocus.js';
import { useSettings } from '../useSettings.js';
import { useTexts } from '../useTexts.js';

/** What is there besides the pages that the tabs lead to. */
const MORE = [
  ['identify', 'exploreIdentify'],
  ['ownKey', 'exploreOwnKey'],
  ['login', 'exploreLogin'],
  ['attack', 'exploreAttack'],
  ['report', 'exploreReport'],
  ['settings', 'exploreSettings'],
] as const;

/** On the first visit what will happen, in three pictures; from then on all that there is. */
export function Home() {
  const { welcomed } = useSettings();
  const heading = useRef<HTMLHeadingElement>(null);
  useKeepFocus(heading, welcomed);
  return welcomed ? <Landing heading={heading} /> : <Welcome />;
}

function Landing({ heading }: { heading: RefObject<HTMLHeadingElement | null> }) {
  const { t } = useTexts();
  return (
    <>
      <div className="hero">
        <h1 ref={heading} tabIndex={-1}>
          {t('home.title')}
        </h1>
        <p className="lead">{t('home.lead')}</p>
        <div className="row">
          <Link to="enrol" className={BUTTON.primary}>
            <Icon name="enrol" />
            <span>{t('home.enrol')}</span>
          </Link>
          <Link to="verify" className={BUTTON.plain}>
            <Icon name="verify" />
            <span>{t('home.verify')}</span>
          </Link>
        </div>
      </div>
      <PathPicture />
      <section className="small-print" aria-labelledby="small-print">
        <h2 id="small-print">{t('home.smallPrint')}</h2>
        <div className="columns">
          <div className="card">
            <h3>
              <Icon name="cross" /> {t('home.notGot')}
            </h3>
            <ul>
              <li>{t('home.notGot1')}</li>
              <li>{t('home.notGot2')}</li>
              <li>{t('home.notGot3')}</li>
            </ul>
          </div>
          <div className="card">
            <h3>
              <Icon name="check" /> {t('home.can')}
            </h3>
            <ul>
              <li>{t('home.can1')}</li>
              <li>{t('home.can2')}</li>
              <li>{t('home.can3')}</li>
              <li>
                <Trans i18nKey="home.can4" components={{ a: <Link to="report" /> }} />
              </li>
            </ul>
          </div>
        </div>
        <p className="small-print-end">
          <Trans i18nKey="home.end" components={{ a: <Link to="forget" /> }} />
        </p>
      </section>
      <section className="small-print" aria-labelledby="explore">
        <h2 id="explore">{t('home.explore')}</h2>
        <ul className="explore">
          {MORE.map(([page, text]) => (
            <li key={page}>
              <Link to={page}>{t(`title.${page}`)}</Link>
              <span>{t(`home.${text}`)}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
