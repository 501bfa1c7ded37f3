import { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';
import type { Judgement } from '../client/attack.js';
import { sentence } from '../client/messages.js';
import { KEYED_MESSAGE_BYTES } from '../wire/message.js';
import type { Session } from '../client/types.js';
import { Enrol } from './pages/Enrol.js';
import { Forget } from './pages/Forget.js';
import { Home } from './pages/Home.js';
import { Identify } from './pages/Identify.js';
import { Attack } from './pages/Attack.js';
import { Missing } from './pages/Missing.js';
import { Report } from './pages/Report.js';
import { Settings } from './pages/Settings.js';
import { Verify } from './pages/Verify.js';
import { App } from './App.js';
import { Answer } from './parts/Answer.js';
import { ForeignJudge } from './parts/ForeignJudge.js';
import { Links } from './parts/Links.js';
import { Recoveries } from './parts/Recoveries.js';
import { LightSwitch } from './parts/ScreenLight.js';
import { LaidOpen } from './parts/LaidOpen.js';
import { Sent } from './parts/Sent.js';
import { FAILED, fakeCapture, fakeReceipt, fakeSession, READY, STARTING } from './testing/fake-session.js';
import type { AttackState } from './useAttackers.js';
import { SessionContext, type Action } from './useSession.js';

const within = (session: Session, page: () => ReactNode) =>
  renderToStaticMarkup(createElement(SessionContext, { value: session }, createElement(page)));
const app = (session: Session) => renderToStaticMarkup(createElement(App, { session, onShown: vi.fn() }));
const action = (change: Partial<Action>): Action => ({
  ready: true,
  activity: 'idle',
  outcome: null,
  error: null,
  wrong: null,
  run: vi.fn(),
  clear: vi.fn(),
  ...change,
});
const answer = (change: Partial<Action>) =>
  renderToStaticMarkup(
    createElement(Answer, {
      action: action(change),
      words: { sign: 'yes', title: 'Yes', text: '' },
      children: 'nothing yet',
    }),
  );

describe('pages', () => {
  it.each([Home, Enrol, Verify, Identify, Forget, Attack, Report, Settings, Missing])(
    '%o has one title that can take the focus',
    (page) => {
      for (const state of [STARTING, FAILED, READY]) {
        const html = within(fakeSession(state), page);
        expect(html.match(/<h1 tabindex="-1"/g)).toHaveLength(1);
        expect(html.match(/<h1/g)).toHaveLength(1);
      }
    },
  );

  it('offers the names enrolled here, the latest first to verify', () => {
    const session = fakeSession(READY, ['Ada', 'Grace']);
    expect(within(session, Verify)).toContain('value="Grace"');
    expect(within(session, Forget)).toContain('aria-label="Forget Ada"');
  });

  it.each([
    [Verify, 'One picture is taken when you press the button'],
    [Enrol, 'The camera takes three pictures by itself'],
  ] as const)('checks liveness in %o only for who wants it', (page, step) => {
    const html = within(fakeSession(READY), page);
    expect(html).toMatch(/<input[^>]*type="checkbox"[^>]*role="switch"/);
    expect(html).not.toMatch(/<input[^>]*role="switch"[^>]*checked/);
    expect(html).toContain(step);
  });

  it('does not start the camera before the model is there', () => {
    const start = /<button[^>]*>(?:(?!<\/button>).)*Start camera/;
    expect(start.exec(within(fakeSession(STARTING), Enrol))?.[0]).toContain('aria-disabled="true"');
    expect(start.exec(within(fakeSession(READY), Enrol))?.[0]).not.toContain('aria-disabled');
  });
});

describe('the screen as a lamp', () => {
  const light = (offered: boolean, on: boolean) =>
    renderToStaticMarkup(createElement(LightSwitch, { offered, on, onChange: vi.fn() }));

  it('is not there unasked, and says what it is like before it is on', () => {
    expect(light(false, false)).toBe('<p class="count" role="status"></p>');
    expect(light(true, false)).toMatch(/without flashing.*epilepsy.*<button[^>]*>.*Light my face with the screen/);
    expect(light(true, true)).toContain('Switch the light off');
  });
});

describe('start-up', () => {
  it('shows how far it is, and the frame of the page meanwhile', () => {
    const html = app(fakeSession(STARTING));
    expect(html).toContain('value="0.72"');
    expect(html).toContain('72%');
    expect(html).toContain('<main');
  });

  it('says what failed in words and in code, and offers to try again', () => {
    const html = app(fakeSession(FAILED));
    expect(html).toContain(sentence('model_hash_wrong'));
    expect(html).toContain('model_hash_wrong</code>');
    expect(html).toContain('Try again');
  });

  it('says what it runs on', () => {
    const html = app(fakeSession(READY));
    for (const word of ['WebGPU', '1.0.0', 'online']) expect(html).toContain(word);
    expect(app(fakeSession({ ...READY, error: 'server_away' }))).toContain('away');
  });
});

describe('Answer', () => {
  it('prefers what is going on to a refusal, and a refusal to an answer', () => {
    expect(answer({ activity: 'sending', error: 'no_face' })).toContain('<h2>Sending</h2>');
    expect(answer({ error: 'no_face' })).toContain(sentence('no_face'));
    expect(answer({})).toContain('<h2>Yes</h2>');
  });

  it('is announced', () => {
    expect(answer({})).toContain('role="status"');
  });
});

describe('what was sent', () => {
  it('sums the stages of all captures', () => {
    const html = renderToStaticMarkup(createElement(Sent, { receipt: fakeReceipt(3) }));
    expect(html).toContain('<strong>39,312 bytes</strong> in 3 messages');
    expect(html).toContain('<dt>Encode</dt><dd>384 ms</dd>');
    expect(html).toContain('<dt>Cloud</dt><dd>41 ms</dd>');
  });

  it('shows the header of the very message', () => {
    const html = renderToStaticMarkup(createElement(LaidOpen, { captures: [fakeCapture()] }));
    expect(html).toContain('58 4e 4e 46');
    expect(html).toContain('Channels 1 to 64');
  });
});

describe('what attackers painted', () => {
  const measured = { epochs: 0.3, ssim: 0.7, psnr: 20, verified: 0.85 };
  const picture = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
  const painted = (likeness: number, strangers: number | null) => ({ picture, likeness, strangers, measured });
  const paintings = (fromSent: ReturnType<typeof painted> | null) => ({
    fromClean: painted(0.6, 1e-4),
    fromSent,
    threshold: 0.51,
    ms: 80,
  });
  const shown = (
    fromSent: ReturnType<typeof painted> | null,
    capture = fakeCapture(),
    judgement: Judgement | null = null,
  ) => renderToStaticMarkup(createElement(Recoveries, { capture, paintings: paintings(fromSent), judgement }));

  it('has a verdict each, and does not take a refusal for safety', () => {
    expect(shown(painted(0.1, 0.5))).toMatch(/Taken for you.*Not taken for you/s);
    expect(shown(painted(0.4, 0.001))).toContain('Refused, but like you');
    expect(shown(painted(0.4, 0.001))).toContain('at most 1 in 1,000 strangers');
  });

  it('says plainly that under an own key there is nothing to paint from', () => {
    const message = new Uint8Array(KEYED_MESSAGE_BYTES).fill(1, 48);
    message.set([0x58, 0x4e, 0x4e, 0x46, 2, 3]);
    const html = shown(null, { ...fakeCapture(), message });
    expect(html).toContain('Nothing to paint from');
    expect(html.match(/class="verdict[ "]/g)).toHaveLength(1);
  });

  const judgement: Judgement = {
    ofClean: { likeness: 0.41, strangers: 1e-4 },
    ofSent: { likeness: 0.05, strangers: 0.5 },
    threshold: 0.4,
    measured: { fmr: 1e-3, people: 50, impostors: 1_467_174, accepted: 0.751, mistaken: 0.002 },
    ms: 60,
  };

  it('has the foreign judge’s verdicts beside our own, each said whose it is', () => {
    const html = shown(painted(0.6, 1e-4), fakeCapture(), judgement);
    expect(html.match(/Our own network.*?A foreign network, dlib’s/gs)).toHaveLength(2);
    expect(html).toMatch(/likeness 0.41, needed 0.40.*likeness 0.05, needed 0.40/s);
    expect(html.match(/Not taken for you/g)).toHaveLength(1);
    expect(shown(painted(0.6, 1e-4))).not.toContain('dlib’s</span>');
  });

  it('says before it is asked what the foreign judge costs, and afterwards who he is and how often he errs', () => {
    const asked = (state: AttackState<Judgement>) =>
      within(fakeSession(READY), () =>
        createElement(ForeignJudge, {
          capture: fakeCapture(),
          paintings: paintings(null),
          judge: { state, run: () => {}, clear: () => {} },
          busy: false,
        }),
      );
    expect(asked({ stage: 'idle' })).toContain('Ask a foreign judge too (6.4 MB, once)');
    expect(asked({ stage: 'idle' })).not.toContain('1 in 1,000 strangers');
    expect(asked({ stage: 'failed', error: 'model_missing' })).toContain('model_missing</code>');
    const html = asked({ stage: 'done', capture: fakeCapture(), result: judgement });
    expect(html).toMatch(/1 in 1,000 strangers.*1,467,174 pairs.*50 people.*751 of 1,000.*2 of 1,000/s);
  });
});

describe('what the linkage attacker says', () => {
  const linkable = { threshold: 0.4, right: 0.98, linked: 0.9, mistaken: 0.001 };
  const measured = { pairs: 1024, fmr: 1e-3, people: 50, impostors: 1_467_174 };
  const [capture, photo] = [fakeCapture(), fakeCapture()];
  const shown = (sent: number | null, theirs = photo, of = capture) =>
    renderToStaticMarkup(
      createElement(Links, {
        capture: of,
        photo: theirs,
        linkage: {
          fromClean: { likeness: 0.6, ...linkable },
          fromSent: sent === null ? null : { likeness: sent, ...linkable },
          measured,
          ms: 40,
        },
      }),
    );

  it('is a verdict each, from the threshold on, with cosine, error rate and source', () => {
    expect(shown(0.4).match(/Linked: the same person/g)).toHaveLength(2);
    const html = shown(0.39);
    expect(html).toMatch(/Linked: the same person.*likeness 0.60, needed 0.40.*Not linked.*likeness 0.39/s);
    expect(html).toContain('1 in 1,000 strangers');
    expect(html).toMatch(/href="\/report"/);
  });

  it('says plainly when photo and message are of one picture', () => {
    expect(shown(0.5, capture)).toContain('This was the easiest case.');
    expect(shown(0.5)).not.toContain('easiest');
  });

  it('says plainly that under an own key there is nothing to compare', () => {
    const message = new Uint8Array(KEYED_MESSAGE_BYTES).fill(1, 48);
    message.set([0x58, 0x4e, 0x4e, 0x46, 2, 3]);
    const html = shown(null, photo, { ...fakeCapture(), message });
    expect(html).toContain('Nothing to compare');
    expect(html.match(/class="verdict[ "]/g)).toHaveLength(1);
  });
});
