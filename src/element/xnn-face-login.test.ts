import { ReactiveElement, type PropertyValues, type TemplateResult } from 'lit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorCode } from '../client/messages.js';
import type { SessionOptions } from '../client/session.js';
import type { Session, SessionState } from '../client/types.js';
import { READY, RECEIPT as receipt } from '../client/testing.js';
import type { XnnFaceLogin } from './xnn-face-login.js';

const LIVE = { phase: 'live', stream: { getVideoTracks: () => [] }, cameras: [] };

/** What the form around the element has of it. */
let form: { value: unknown; missing: boolean };
let opened: SessionOptions | undefined;
let state: SessionState;
const verify = vi.fn((subject: string) => {
  state = { ...READY, outcome: { kind: 'verified', subject, match: true, receipt } };
  return Promise.resolve();
});
let element: XnnFaceLogin;

/** The element where there is no page: Lit's stand-ins for a browser's classes, and nothing is drawn. */
let Undrawn: new () => XnnFaceLogin;

beforeAll(async () => {
  vi.resetModules();
  vi.doMock('../client/live-camera.js', () => ({
    createLiveCamera: () => ({
      getState: () => LIVE,
      subscribe: () => () => {},
      start: () => Promise.resolve(),
      stop: () => {},
    }),
  }));
  vi.doMock('../client/session.js', () => ({
    createSession: (options: SessionOptions) => {
      opened = options;
      return {
        getState: () => state,
        subscribe: () => () => {},
        dispose: () => {},
        look: () => Promise.resolve({ hint: null, box: null }),
        verify,
      } as unknown as Session;
    },
  }));
  vi.stubGlobal('location', { href: 'https://shop.example.com/' });
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
  vi.stubGlobal('createImageBitmap', () => Promise.resolve({ close() {} }));
  const module = await import('./xnn-face-login.js');
  Undrawn = class extends module.XnnFaceLogin {
    override attachInternals() {
      return {
        setFormValue: (value: unknown) => (form.value = value),
        setValidity: ({ valueMissing = false }) => (form.missing = valueMissing),
      } as unknown as ElementInternals;
    }
    override createRenderRoot() {
      return {
        querySelector: (selector: string) => (selector === 'video' ? { readyState: 2 } : null),
      } as unknown as HTMLElement;
    }
    override update(changed: PropertyValues) {
      ReactiveElement.prototype['update'].call(this, changed);
    }
  };
  customElements.define('undrawn-face-login', Undrawn);
});
afterAll(() => {
  vi.doUnmock('../client/live-camera.js');
  vi.doUnmock('../client/session.js');
  vi.resetModules();
  vi.unstubAllGlobals();
});

beforeEach(async () => {
  form = { value: null, missing: false };
  opened = undefined;
  state = READY;
  verify.mockClear();
  element = new Undrawn();
  Object.assign(element, { endpoint: 'https://face.example.com', locale: 'en', subject: 'Ada', required: true });
  element.connectedCallback();
  await element.updateComplete;
});

const soon = () => new Promise((resolve) => setTimeout(resolve));

/** What the first button that is drawn now does. */
function press(): void {
  const [click] = handlers(element.render());
  click!();
}

function handlers(drawn: unknown): readonly (() => void)[] {
  if (typeof drawn === 'function') return [drawn as () => void];
  return (drawn as Partial<TemplateResult> | null)?.values?.flatMap(handlers) ?? [];
}

/** From the press of a button to the answer. */
async function answered(): Promise<void> {
  press();
  await soon();
  press();
  await soon();
  expect(verify).toHaveBeenCalledOnce();
}

describe('a form around the element', () => {
  it('may be sent as soon as the page is told', async () => {
    const told = vi.fn<(seen: typeof form) => void>();
    element.addEventListener('xnn-verified', () => told({ ...form }));
    expect(form).toEqual({ value: null, missing: true });
    await answered();
    expect(told).toHaveBeenCalledExactlyOnceWith({ value: 'verified', missing: false });
  });

  it.each([
    ['subject', 'Bob'],
    ['mode', 'identify'],
    ['endpoint', 'https://other.example.com'],
  ] as const)('does not send the old answer once %s is another', async (name, value) => {
    await answered();
    Object.assign(element, { [name]: element[name] });
    expect(form).toEqual({ value: 'verified', missing: false });
    Object.assign(element, { [name]: value });
    expect(form).toEqual({ value: null, missing: true });
  });
});

describe('a property', () => {
  it.each([
    [
      'whose attribute was removed',
      () => ['mode', 'backend'].forEach((name) => element.attributeChangedCallback(name, '', null)),
    ],
    ['that was set to undefined', () => Object.assign(element, { mode: undefined, backend: undefined })],
  ])('%s is as if it had never been given', async (_, remove) => {
    remove();
    await answered();
    expect(verify).toHaveBeenCalledExactlyOnceWith('Ada', expect.anything());
    expect(opened).toMatchObject({ backend: undefined });
  });

  it('that is missing or misspelt opens nothing', () => {
    const told = vi.fn<(code: ErrorCode) => void>();
    element.addEventListener('xnn-error', ({ detail }) => told(detail.code));
    element.attributeChangedCallback('subject', 'Ada', null);
    press();
    expect(told).toHaveBeenCalledExactlyOnceWith('subject_invalid');
    Object.assign(element, { subject: 'Ada', mode: 'enroll' });
    press();
    expect(told).toHaveBeenLastCalledWith('request_invalid');
    expect(opened).toBeUndefined();
  });

  it.each(['face.example.com', 'localhost:8080', 'https://example.com/face', 'https://'])(
    'endpoint %j is no origin and opens nothing',
    (endpoint) => {
      const told = vi.fn<(code: ErrorCode) => void>();
      element.addEventListener('xnn-error', ({ detail }) => told(detail.code));
      Object.assign(element, { endpoint });
      press();
      expect(told).toHaveBeenCalledExactlyOnceWith('request_invalid');
      expect(opened).toBeUndefined();
    },
  );
});
