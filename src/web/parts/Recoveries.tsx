import { useId, useMemo } from 'react';
import { Trans } from 'react-i18next';
import type { Judgement, Paintings, Verdict as Said } from '../../client/attack.js';
import { reveal, type Mode } from '../../client/reveal.js';
import type { Capture } from '../../client/types.js';
import { block, commonRange, mosaic } from '../mosaic.js';
import { Exhibit } from './Exhibit.js';
import { Icon } from './Icon.js';
import { PixelCanvas } from './PixelCanvas.js';
import { useTexts } from '../useTexts.js';

interface RecoveriesProps {
  capture: Capture;
  paintings: Paintings;
  /** The foreign judge's, if he was asked. */
  judgement: Judgement | null;
}

/** Photo and what attackers made of it, side by side, and face networks' verdicts on each. */
export function Recoveries({ capture, paintings, judgement }: RecoveriesProps) {
  const { t, duration } = useTexts();
  const id = useId();
  const revealed = useMemo(() => reveal(capture), [capture]);
  const { fromClean, fromSent, threshold, ms } = paintings;
  return (
    <section className="reveal" aria-labelledby={id}>
      <h2 id={id}>{t('recovered.title')}</h2>
      <div className="maps">
        <Exhibit icon="lock" fate={t('recovered.truth')} title={t('recovered.face')} text={t('recovered.faceText')}>
          <PixelCanvas pixels={revealed.face} label={t('reveal.faceLabel')} />
        </Exhibit>
        <Exhibit
          icon="lock"
          fate={t('recovered.ifLeaked')}
          title={t('recovered.clean')}
          text={t('recovered.cleanText')}
        >
          <PixelCanvas pixels={fromClean.picture} label={t('recovered.cleanLabel')} />
          <Verdict by={t('recovered.ours')} said={fromClean} threshold={threshold} />
          {judgement && (
            <Verdict by={t('recovered.foreign')} said={judgement.ofClean} threshold={judgement.threshold} />
          )}
        </Exhibit>
        {fromSent === null ? (
          <Keyed mode={revealed.mode} sent={revealed.sent} />
        ) : (
          <Exhibit
            icon="send"
            fate={t('recovered.fromSent')}
            title={t('recovered.noise')}
            text={t('recovered.noiseText')}
          >
            <PixelCanvas pixels={fromSent.picture} label={t('recovered.noiseLabel')} />
            <Verdict by={t('recovered.ours')} said={fromSent} threshold={threshold} />
            {judgement?.ofSent && (
              <Verdict by={t('recovered.foreign')} said={judgement.ofSent} threshold={judgement.threshold} />
            )}
          </Exhibit>
        )}
      </div>
      <Honesty fromClean={fromClean} fromSent={fromSent} threshold={threshold} />
      <p className="scale-note">{t('recovered.time', { time: duration(ms) })}</p>
    </section>
  );
}

/** Share of strangers from which a painting that is refused is still said to be like its person. */
const ALIKE = 0.02;

interface VerdictProps {
  /** Whose verdict it is. */
  by: string;
  said: Said;
  threshold: number;
}

function Verdict({ by, said: { likeness, strangers }, threshold }: VerdictProps) {
  const { t, number, decimal } = useTexts();
  const figures = { likeness: decimal(likeness, 2), threshold: decimal(threshold, 2) };
  const taken = likeness >= threshold;
  const alike = strangers !== null && strangers <= ALIKE;
  return (
    <p className={taken || alike ? 'verdict taken' : 'verdict'}>
      <Icon name={taken || alike ? 'warning' : 'cross'} />
      <span>
        <span className="verdict-figure">{by}</span>
        <strong>{taken ? t('recovered.taken') : alike ? t('recovered.alike') : t('recovered.notTaken')}</strong>
        <span className="verdict-figure">
          {strangers === null
            ? t('recovered.likenessMost', figures)
            : t('recovered.likenessFew', { ...figures, strangers: number(Math.round(1 / strangers)) })}
        </span>
      </span>
    </p>
  );
}

function Keyed({ mode, sent }: { mode: Mode; sent: Float32Array }) {
  const { t } = useTexts();
  const pixels = useMemo(() => (mode === 'keyed' ? block(sent) : mosaic(sent, 0, 8, commonRange(sent))), [mode, sent]);
  const kind = mode === 'keyed' ? 'keyed' : 'xnn';
  return (
    <Exhibit icon="send" fate={t('recovered.sent')} title={t(`recovered.${kind}`)} text={t(`recovered.${kind}Text`)}>
      <PixelCanvas pixels={pixels} label={t('recovered.sentLabel')} />
    </Exhibit>
  );
}

/** Photos that each attacker learnt from. */
const PHOTOS = 27_727;
const STRONG = { strong: <strong /> };

/** How good these attackers are, and whose the verdicts. */
function Honesty({ fromClean, fromSent, threshold }: Omit<Paintings, 'ms'>) {
  const { t, number, decimal, percent } = useTexts();
  return (
    <div className="card honesty">
      <h3>{t('recovered.reading')}</h3>
      <ul>
        <li>
          <Trans
            i18nKey="recovered.weak"
            values={{ photos: number(PHOTOS), epochs: number(fromClean.measured.epochs) }}
            components={STRONG}
          />
        </li>
        <li>
          <Trans
            i18nKey={fromSent === null ? 'recovered.strangers' : 'recovered.strangersBoth'}
            values={{
              clean: percent(fromClean.measured.verified),
              sent: fromSent && percent(fromSent.measured.verified),
              half: percent(0.5),
            }}
            components={STRONG}
          />
        </li>
        <li>
          <Trans i18nKey="recovered.judge" values={{ threshold: decimal(threshold, 2) }} components={STRONG} />
        </li>
        {fromSent && (
          <li>
            <Trans i18nKey="recovered.noSecret" components={STRONG} />
          </li>
        )}
      </ul>
    </div>
  );
}
