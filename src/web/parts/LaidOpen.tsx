import { useId, useMemo, useState } from 'react';
import { Trans } from 'react-i18next';
import { CROP_SIZE, FEATURE_CHANNELS, reveal } from '../../client/reveal.js';
import type { Capture } from '../../client/types.js';
import { addEnglish } from '../language.js';
import { block, commonRange, mosaic, pagesOf, sameChannel, SIDES, type Side } from '../mosaic.js';
import '../styles/reveal.css';
import { texts } from '../texts/en-reveal.js';
import { useAttacked } from '../useAttacked.js';
import { Anatomy, MODES } from './Anatomy.js';
import { Exhibit } from './Exhibit.js';
import { Icon } from './Icon.js';
import { Link } from './Link.js';
import { PixelCanvas } from './PixelCanvas.js';
import { Segments } from './Segments.js';
import { useTexts } from '../useTexts.js';

addEnglish(texts);

const ZOOMS = SIDES.map((side) => ({ value: side, name: `${side * side}` }));

/** One request laid open: what stayed here, and what left, drawn from the very bytes that were sent. */
export function LaidOpen({ captures }: { captures: readonly Capture[] }) {
  const { t, bytes, decimal } = useTexts();
  const [index, setIndex] = useState(0);
  const [side, setSide] = useState<Side>(8);
  const [page, setPage] = useState(0);
  const slider = useId();
  const { keep } = useAttacked();

  const capture = captures[index] ?? captures[0];
  const revealed = useMemo(() => capture && reveal(capture), [capture]);
  const isMap = revealed?.mode !== 'keyed';
  const range = useMemo(
    () => (revealed ? commonRange(revealed.clean, ...(isMap ? [revealed.sent] : [])) : 1),
    [revealed, isMap],
  );
  const drawn = useMemo(
    () =>
      revealed && {
        clean: mosaic(revealed.clean, page, side, range),
        sent: isMap ? mosaic(revealed.sent, page, side, range) : block(revealed.sent),
      },
    [revealed, page, side, range, isMap],
  );
  if (!revealed || !drawn) return null;

  const first = page * side * side + 1;
  const last = first + side * side - 1;
  const shown = first === last ? t('reveal.channel', { first }) : t('reveal.channels', { first, last });
  return (
    <section className="reveal" aria-labelledby={`${slider}-title`}>
      <h2 id={`${slider}-title`}>{t('reveal.title')}</h2>
      <p className="lead">{t('reveal.lead')} </p>
      {captures.length > 1 && (
        <Segments
          label={t('reveal.capture')}
          options={captures.map((_, i) => ({ value: i, name: t('reveal.captureNumber', { number: i + 1 }) }))}
          value={index}
          onChange={setIndex}
        />
      )}
      <div className="maps">
        <Exhibit icon="lock" fate={t('reveal.stayed')} title={t('reveal.face')} text={t('reveal.faceText')}>
          <PixelCanvas pixels={revealed.face} label={t('reveal.faceLabel')} />
        </Exhibit>
        <Exhibit icon="lock" fate={t('reveal.stayed')} title={t('reveal.clean')} text={t('reveal.cleanText')}>
          <PixelCanvas pixels={drawn.clean} label={t('reveal.cleanLabel', { channels: shown })} />
        </Exhibit>
        <Exhibit
          icon="send"
          fate={t('reveal.sent')}
          title={t(`reveal.${MODES[revealed.mode]}`)}
          text={t(`reveal.${MODES[revealed.mode]}Text`)}
        >
          <PixelCanvas
            pixels={drawn.sent}
            label={isMap ? t('reveal.sentLabel', { channels: shown }) : t('reveal.keyedLabel')}
          />
        </Exhibit>
      </div>
      <div className="map-controls">
        <div>
          <p className="control-name" aria-hidden="true">
            {t('reveal.zoom')}
          </p>
          <Segments
            label={t('reveal.zoom')}
            options={ZOOMS}
            value={side}
            onChange={(next) => {
              setPage(sameChannel(page, side, next));
              setSide(next);
            }}
          />
        </div>
        <div className="slider">
          <label htmlFor={slider}>
            {shown} <span>{t('reveal.ofAll', { all: FEATURE_CHANNELS })}</span>
          </label>
          <input
            id={slider}
            type="range"
            min={0}
            max={pagesOf(side) - 1}
            value={page}
            aria-valuetext={shown}
            onChange={(event) => setPage(event.target.valueAsNumber)}
          />
        </div>
        <p className="scale-note">
          <span className="gray-scale" aria-hidden="true" />
          {t(isMap ? 'reveal.scaleBoth' : 'reveal.scaleClean', { range: decimal(range, 1) })}
        </p>
      </div>
      <Anatomy fields={revealed.fields} mode={revealed.mode} />
      <p className="nothing-else">
        <Icon name="lock" />
        <span>
          <Trans
            i18nKey="reveal.nothingElse"
            values={{ face: bytes(CROP_SIZE * CROP_SIZE * 3), message: bytes(capture?.message.length ?? 0) }}
            components={{ strong: <strong /> }}
          />
        </span>
      </p>
      <p className="onward">
        <Trans
          i18nKey="reveal.onward"
          components={{ a: <Link to="attack" onFollow={() => capture && keep(capture)} /> }}
        />
      </p>
    </section>
  );
}
