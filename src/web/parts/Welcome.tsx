import type { ReactNode } from 'react';
import { navigate } from '../useRoute.js';
import { changeSettings } from '../settings.js';
import { useTexts } from '../useTexts.js';
import { Button } from './Button.js';
import { Tiles } from './Tiles.js';

/** What will happen to a picture, for who is here for the first time; then the camera. */
export function Welcome() {
  const { t } = useTexts();
  return (
    <>
      <div className="hero">
        <h1 tabIndex={-1}>{t('welcome.title')}</h1>
        <p className="lead">{t('welcome.lead')}</p>
      </div>
      <ol className="welcome">
        <Scene title={t('welcome.stays')} text={t('welcome.staysText')}>
          <Device />
        </Scene>
        <Scene title={t('welcome.leaves')} text={t('welcome.leavesText')}>
          <div className="welcome-tiles">
            <Tiles of="features" />
            <Arrow />
            <Tiles of="sum" />
          </div>
        </Scene>
        <Scene title={t('welcome.back')} text={t('welcome.backText')}>
          <Answer />
        </Scene>
      </ol>
      <div className="row">
        <Button
          kind="primary"
          icon="camera"
          onPress={() => {
            changeSettings({ welcomed: true });
            navigate('enrol');
          }}
        >
          {t('welcome.camera')}
        </Button>
        <Button
          onPress={() => {
            changeSettings({ welcomed: true });
            navigate('home');
          }}
        >
          {t('welcome.more')}
        </Button>
      </div>
      <p className="welcome-promise">{t('welcome.promise')}</p>
    </>
  );
}

/** The words below a picture say the same. */
function Scene({ title, text, children }: { title: string; text: string; children: ReactNode }) {
  return (
    <li className="card scene">
      <div className="scene-picture" aria-hidden="true">
        {children}
      </div>
      <h2>{title}</h2>
      <p>{text}</p>
    </li>
  );
}

/** A face within a phone that is locked. */
function Device() {
  return (
    <svg className="drawing" viewBox="0 0 96 72">
      <rect x="30" y="4" width="36" height="64" rx="6" />
      <path d="M48 18c-6 0-9 4.5-9 10.5 0 7.5 4.5 15 9 15s9-7.5 9-15c0-6-3-10.5-9-10.5" />
      <path d="M43.5 29h2M50.5 29h2M45 37.5c1.800 1.5 4.200 1.5 6 0" />
      <path d="M44 60h8v-6h-8zM45.5 54v-2a2.5 2.5 0 0 1 5 0v2" />
    </svg>
  );
}

function Arrow() {
  return (
    <svg className="drawing arrow" viewBox="0 0 24 24">
      <path d="M3 12h17M14 6l6 6-6 6" />
    </svg>
  );
}

/** A cloud that says yes or no. */
function Answer() {
  return (
    <svg className="drawing" viewBox="0 0 96 72">
      <path d="M26 46a12 12 0 0 1-2-23.8A17 17 0 0 1 56.5 18 14 14 0 0 1 58 46z" />
      <path d="M32 32l5.5 5.5L48 26" />
      <path d="M68 40l12 12M80 40 68 52" />
    </svg>
  );
}
