import { useDeferredValue, useId, useMemo, useState } from 'react';
import { CROP_SIZE, FEATURE_CHANNELS, reveal, type Mode } from '../../client/reveal.js';
import type { Capture } from '../../client/types.js';
import { bytes } from '../format.js';
import { block, commonRange, mosaic, pagesOf, sameChannel, SIDES, type Side } from '../mosaic.js';
import { useAttacked } from '../useAttacked.js';
import { Anatomy } from './Anatomy.js';
import { Exhibit } from './Exhibit.js';
import { Icon } from './Icon.js';
import { Link } from './Link.js';
import { PixelCanvas } from './PixelCanvas.js';
import { Segments } from './Segments.js';

const ZOOMS = SIDES.map((side) => ({ value: side, name: `${side * side}` }));

const SENT: Record<Mode, { title: string; text: string }> = {
  'xnn-d': { title: 'Features plus noise', text: 'The noise is drawn anew for every message, so no two are alike.' },
  xnn: {
    title: 'Features under the network’s key',
    text: 'Positions are mixed up and channels blended by that key. Without noise: the same picture gives the same again.',
  },
  keyed: {
    title: 'A direction under your key',
    text: 'All that says who you are, turned at random by your key: to whoever does not have it, any direction is as likely.',
  },
};

const NOTHING: readonly Capture[] = [];

/** `LaidOpen`, after what is more urgent: decoding and drawing have a render of their own, so that the answer never waits for them. */
export function Reveal({ captures }: { captures: readonly Capture[] }) {
  return <LaidOpen captures={useDeferredValue(captures, NOTHING)} />;
}

/** One request laid open: what stayed here, and what left, drawn from the very bytes that were sent. */
export function LaidOpen({ captures }: { captures: readonly Capture[] }) {
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
  const shown = first === last ? `Channel ${first}` : `Channels ${first} to ${last}`;
  return (
    <section className="reveal" aria-labelledby={`${slider}-title`}>
      <h2 id={`${slider}-title`}>What left your browser</h2>
      <p className="lead">
        First what your device saw, then what it computed, and last all that was sent of it: decoded again from the
        message, byte for byte.
      </p>
      {captures.length > 1 && (
        <Segments
          label="Capture"
          options={captures.map((_, i) => ({ value: i, name: `Capture ${i + 1}` }))}
          value={index}
          onChange={setIndex}
        />
      )}
      <div className="maps">
        <Exhibit
          icon="lock"
          fate="Stayed here"
          title="The aligned face"
          text="Cut out and turned upright, so that every face lies alike."
        >
          <PixelCanvas pixels={revealed.face} label="Your face, cut out and turned upright" />
        </Exhibit>
        <Exhibit
          icon="lock"
          fate="Stayed here"
          title="Its clean features"
          text="They identify you: whoever had them could recognise you anywhere."
        >
          <PixelCanvas
            pixels={drawn.clean}
            label={`${shown} of the clean features, in which outlines of the face can show`}
          />
        </Exhibit>
        <Exhibit icon="send" fate="Was sent" {...SENT[revealed.mode]}>
          <PixelCanvas
            pixels={drawn.sent}
            label={isMap ? `${shown} of what was sent` : 'The 128 numbers that were sent'}
          />
        </Exhibit>
      </div>
      <div className="map-controls">
        <div>
          <p className="control-name" aria-hidden="true">
            Channels at a time
          </p>
          <Segments
            label="Channels at a time"
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
            {shown} <span>of {FEATURE_CHANNELS}</span>
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
          {isMap ? 'Both maps on one scale' : 'The features’ scale'}: black −{range.toFixed(1)}, white +
          {range.toFixed(1)}.
        </p>
      </div>
      <Anatomy fields={revealed.fields} mode={revealed.mode} />
      <p className="nothing-else">
        <Icon name="lock" />
        <span>
          <strong>Nothing else of the picture was sent.</strong> The aligned face has {bytes(CROP_SIZE * CROP_SIZE * 3)}{' '}
          of pixels; they stayed in this page, as did the whole photo. The message has{' '}
          {bytes(capture?.message.length ?? 0)}; each belongs to a field above.
        </span>
      </p>
      <p className="onward">
        What can somebody make of it who reads it?{' '}
        <Link to="attack" onFollow={() => capture && keep(capture)}>
          Attack it yourself
        </Link>
      </p>
    </section>
  );
}
