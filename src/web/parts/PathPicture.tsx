import type { ReactNode } from 'react';
import { MESSAGE_BYTES } from '../../client/reveal.js';
import { Icon } from './Icon.js';
import { Tiles } from './Tiles.js';
import { useTexts } from '../useTexts.js';

/** The way from a photo to a verdict, and where the border of the browser lies. */
export function PathPicture() {
  const { t, bytes } = useTexts();
  return (
    <figure className="path" aria-label={t('path.label')}>
      <div className="zone">
        <p className="zone-name">
          <Icon name="lock" /> {t('path.here')}
        </p>
        <ol className="steps">
          <Step picture={<Face />} name={t('path.photo')} note={t('path.photoNote')} />
          <Step picture={<Tiles of="features" />} name={t('path.encoder')} note={t('path.encoderNote')} />
          <Step picture={<Tiles of="noise" />} name={t('path.noise')} note={t('path.noiseNote')} />
          <Step picture={<Tiles of="sum" />} name={t('path.bytes')} note={bytes(MESSAGE_BYTES)} />
        </ol>
      </div>
      <div className="border-crossing" aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
      <div className="zone far">
        <p className="zone-name">{t('path.there')}</p>
        <ol className="steps" start={5}>
          <Step picture={<Cloud />} name={t('path.network')} note={t('path.networkNote')} />
          <Step picture={<Verdict />} name={t('path.verdict')} note={t('path.verdictNote')} />
        </ol>
      </div>
    </figure>
  );
}

function Step({ picture, name, note }: { picture: ReactNode; name: string; note: string }) {
  return (
    <li className="step">
      <div className="step-picture">{picture}</div>
      <strong>{name}</strong>
      <span>{note}</span>
    </li>
  );
}

function Face() {
  return (
    <svg className="drawing" viewBox="0 0 48 48" aria-hidden="true">
      <path d="M24 7c-8 0-12 6-12 14 0 10 6 20 12 20s12-10 12-20c0-8-4-14-12-14" />
      <path d="M17.5 21.5h3M27.5 21.5h3M24 22v6h-2M19.5 33c1.2 1.4 2.7 2 4.5 2s3.3-.6 4.5-2M12.5 18c5-.5 9-3 11-7 2 4 7 6.5 12 7" />
    </svg>
  );
}

function Cloud() {
  return (
    <svg className="drawing" viewBox="0 0 48 48" aria-hidden="true">
      <path d="M14 37a8 8 0 0 1-1.5-15.8A11.5 11.5 0 0 1 34.6 18 9.5 9.5 0 0 1 35 37z" />
      <path d="M18 30l6-6 6 6M24 24v-1" />
    </svg>
  );
}

function Verdict() {
  return (
    <svg className="drawing" viewBox="0 0 48 48" aria-hidden="true">
      <circle cx="24" cy="24" r="16" />
      <path d="M16.5 24.5 22 30l10-11.5" />
    </svg>
  );
}
