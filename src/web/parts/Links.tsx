import { useMemo } from 'react';
import { Trans } from 'react-i18next';
import type { Link as Linked, Linkage } from '../../client/attack.js';
import { opaque, reveal } from '../../client/reveal.js';
import type { Capture } from '../../client/types.js';
import { block, commonRange, mosaic } from '../mosaic.js';
import { useTexts } from '../useTexts.js';
import { Exhibit } from './Exhibit.js';
import { Icon } from './Icon.js';
import { Link } from './Link.js';
import { PixelCanvas } from './PixelCanvas.js';

interface LinksProps {
  capture: Capture;
  /** The attacker's own; the same capture if it is the very picture. */
  photo: Capture;
  linkage: Linkage;
}

/** The attacker's photo beside clean features and what was sent, and whether he links each with it. */
export function Links({ capture, photo, linkage: { fromClean, fromSent, measured, ms } }: LinksProps) {
  const { t, duration } = useTexts();
  const same = photo === capture;
  const { mode, ...pixels } = useMemo(() => {
    const { mode, clean, sent } = reveal(capture);
    const range = mode === 'keyed' ? commonRange(clean) : commonRange(clean, sent);
    return {
      mode,
      theirs: opaque(photo.face),
      clean: mosaic(clean, 0, 8, range),
      sent: mode === 'keyed' ? block(sent) : mosaic(sent, 0, 8, range),
    };
  }, [capture, photo]);
  return (
    <>
      <div className="maps">
        <Exhibit
          icon="lock"
          fate={t('linking.theirs')}
          title={same ? t('linking.same') : t('linking.other')}
          text={same ? t('linking.sameText') : t('linking.otherText')}
        >
          <PixelCanvas pixels={pixels.theirs} label={t('linking.theirLabel')} />
        </Exhibit>
        <Exhibit icon="lock" fate={t('recovered.ifLeaked')} title={t('linking.clean')} text={t('recovered.cleanText')}>
          <PixelCanvas pixels={pixels.clean} label={t('linking.cleanLabel')} />
          <Verdict link={fromClean} />
        </Exhibit>
        <Exhibit icon="send" fate={t('recovered.sent')} title={t(`linking.${mode}`)} text={t(`linking.${mode}Text`)}>
          <PixelCanvas pixels={pixels.sent} label={t('recovered.sentLabel')} />
          {fromSent && <Verdict link={fromSent} />}
        </Exhibit>
      </div>
      <div className="card honesty">
        <h3>{t('recovered.reading')}</h3>
        <Reading same={same} fromClean={fromClean} fromSent={fromSent} measured={measured} />
      </div>
      <p className="scale-note">{t('linking.time', { time: duration(ms) })}</p>
    </>
  );
}

function Verdict({ link: { likeness, threshold } }: { link: Linked }) {
  const { t, decimal } = useTexts();
  const linked = likeness >= threshold;
  return (
    <p className={linked ? 'verdict taken' : 'verdict'}>
      <Icon name={linked ? 'warning' : 'cross'} />
      <span>
        <strong>{linked ? t('linking.linked') : t('linking.notLinked')}</strong>
        <span className="verdict-figure">
          {t('linking.figure', { likeness: decimal(likeness, 2), threshold: decimal(threshold, 2) })}
        </span>
      </span>
    </p>
  );
}

const STRONG = { strong: <strong /> };

/** How sure the verdicts are, and how good the attacker. */
function Reading({ same, fromClean, fromSent, measured }: Omit<Linkage, 'ms'> & { same: boolean }) {
  const { number, percent } = useTexts();
  const { fmr, impostors, people, pairs } = measured;
  const thousandth = (share: number) => number(Math.round(1000 * share));
  return (
    <ul>
      {same && (
        <li>
          <Trans i18nKey="linking.easiest" components={STRONG} />
        </li>
      )}
      <li>
        <Trans
          i18nKey="linking.mistakes"
          values={{ strangers: number(1 / fmr), impostors: number(impostors), people: number(people) }}
          components={STRONG}
        />
      </li>
      <li>
        <Trans
          i18nKey={fromSent === null ? 'linking.rate' : 'linking.rateBoth'}
          values={{
            clean: percent(fromClean.right),
            sent: fromSent && percent(fromSent.right),
            half: percent(0.5),
            linked: thousandth((fromSent ?? fromClean).linked),
            mistaken: thousandth((fromSent ?? fromClean).mistaken),
            thousand: number(1000),
          }}
          components={{ ...STRONG, a: <Link to="report" /> }}
        />
      </li>
      <li>
        <Trans i18nKey="linking.cheap" values={{ photos: number(pairs) }} components={STRONG} />
      </li>
    </ul>
  );
}
