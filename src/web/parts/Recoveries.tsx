import { useId, useMemo } from 'react';
import { counted } from '../../client/figures.js';
import type { Attack, Recovered } from '../../client/attack.js';
import { reveal, type Mode } from '../../client/reveal.js';
import type { Capture } from '../../client/types.js';
import { duration, percent } from '../format.js';
import { block, commonRange, mosaic } from '../mosaic.js';
import { Exhibit } from './Exhibit.js';
import { Icon } from './Icon.js';
import { PixelCanvas } from './PixelCanvas.js';

/** Photo and what attackers made of it, side by side, and a face network's verdict on each. */
export function Recoveries({ capture, attack }: { capture: Capture; attack: Attack }) {
  const id = useId();
  const revealed = useMemo(() => reveal(capture), [capture]);
  const { fromClean, fromSent, threshold, ms } = attack;
  return (
    <section className="reveal" aria-labelledby={id}>
      <h2 id={id}>What an attacker sees</h2>
      <div className="maps">
        <Exhibit icon="lock" fate="The truth" title="Your face" text="As it was cut out. It stayed in this page.">
          <PixelCanvas pixels={revealed.face} label="Your face, cut out and turned upright" />
        </Exhibit>
        <Exhibit
          icon="lock"
          fate="If clean features leaked"
          title="Painted from clean features"
          text="What this project is built to never send."
        >
          <PixelCanvas pixels={fromClean.picture} label="Your face as painted from the clean features" />
          <Verdict recovered={fromClean} threshold={threshold} />
        </Exhibit>
        {fromSent === null ? (
          <Keyed mode={revealed.mode} sent={revealed.sent} />
        ) : (
          <Exhibit
            icon="send"
            fate="From what is sent"
            title="Painted from features plus noise"
            text="By an attacker who was trained on such messages, and read yours."
          >
            <PixelCanvas pixels={fromSent.picture} label="Your face as painted from the message" />
            <Verdict recovered={fromSent} threshold={threshold} />
          </Exhibit>
        )}
      </div>
      <Honesty fromClean={fromClean} fromSent={fromSent} threshold={threshold} />
      <p className="scale-note">Both attackers and the verdicts took {duration(ms)} in this page.</p>
    </section>
  );
}

/** Share of strangers from which a painting that is refused is still said to be like its person. */
const ALIKE = 0.02;

function Verdict({ recovered: { likeness, strangers }, threshold }: { recovered: Recovered; threshold: number }) {
  const taken = likeness >= threshold;
  const alike = strangers !== null && strangers <= ALIKE;
  return (
    <p className={taken || alike ? 'verdict taken' : 'verdict'}>
      <Icon name={taken || alike ? 'warning' : 'cross'} />
      <span>
        <strong>{taken ? 'Taken for you' : alike ? 'Refused, but like you' : 'Not taken for you'}</strong>
        <span className="verdict-figure">
          likeness {likeness.toFixed(2)}, needed {threshold.toFixed(2)};{' '}
          {strangers === null ? 'most strangers are as like' : `at most ${oneIn(strangers)} strangers is as like`}
        </span>
      </span>
    </p>
  );
}

/** "1 in 50". */
function oneIn(share: number): string {
  return `1 in ${counted(Math.round(1 / share))}`;
}

/** What is said where there is nothing to paint from. */
const KEYED: Record<Exclude<Mode, 'xnn-d'>, { title: string; text: string }> = {
  keyed: {
    title: 'Nothing to paint from',
    text: 'Under your own key these 128 numbers are a random direction: any face gives any of them equally often, so no network can learn to read them without the key. With the key, they are as good as a plain face descriptor.',
  },
  xnn: {
    title: 'No attacker of this kind',
    text: 'Under a network’s key one record of the hardened scheme is noise to whoever does not have it. Many records under one key are not: the report says what their statistics give away.',
  },
};

function Keyed({ mode, sent }: { mode: Mode; sent: Float32Array }) {
  const pixels = useMemo(() => (mode === 'keyed' ? block(sent) : mosaic(sent, 0, 8, commonRange(sent))), [mode, sent]);
  const words = KEYED[mode === 'keyed' ? 'keyed' : 'xnn'];
  return (
    <Exhibit icon="send" fate="What is sent" {...words}>
      <PixelCanvas pixels={pixels} label="What is sent, drawn as grays" />
    </Exhibit>
  );
}

/** How good these attackers are, and whose the verdicts. */
function Honesty({ fromClean, fromSent, threshold }: Omit<Attack, 'ms'>) {
  return (
    <div className="card honesty">
      <h3>How to read this</h3>
      <ul>
        <li>
          <strong>These attackers are weak.</strong> Each learnt from 27,727 photos of other people, seen{' '}
          {fromClean.measured.epochs} times on average, for minutes on one processor core. A patient attacker with a
          graphics card does better, and one with many messages of you averages the noise away.
        </li>
        <li>
          <strong>On strangers</strong> (LFW), a foreign network, dlib’s, told by such a painting whether another photo
          is of the same person in {percent(fromClean.measured.verified)} of pairs for clean features
          {fromSent && <> and {percent(fromSent.measured.verified)} for what is sent</>}; guessing gives 50 %.
        </li>
        <li>
          <strong>The verdict above is our own network’s</strong>, the one of keyed mode at its threshold of{' '}
          {threshold.toFixed(2)}. It reads the same features that were attacked, so it is a partial judge; and it
          compares with the very photo that was attacked, which is easier than with another one.
        </li>
        {fromSent && (
          <li>
            <strong>Noise is no secret.</strong> It hides some of the picture and little of who you are. If that is not
            enough for you, use a key of your own.
          </li>
        )}
      </ul>
    </div>
  );
}
