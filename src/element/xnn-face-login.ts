import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { connectCloud } from '../client/cloud.js';
import { createLiveCamera } from '../client/live-camera.js';
import { createSession } from '../client/session.js';
import type { Backend, Mode, XnnFaceLoginEvents } from './events.js';
import { Flow, isMode, type FlowState, type Result } from './flow.js';
import { face, no, oval, yes } from './pictures.js';
import { errorText, language, type Strings } from './strings.js';
import { styles } from './styles.js';

/**
 * Asks a person for the face and a cloud whether it is the right one. Opens neither camera nor network before its button is pressed,
 * and lets everything go when it is taken out of the page.
 *
 * What it says is a claim of the browser, which a visitor controls: a server that must know asks the cloud itself (docs/element.md).
 */
export class XnnFaceLogin extends LitElement {
  static readonly formAssociated = true;
  static override readonly shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override readonly styles = styles;
  static override readonly properties = {
    endpoint: {},
    mode: {},
    subject: {},
    capture: {},
    locale: {},
    theme: { reflect: true },
    backend: {},
    name: { reflect: true },
    required: { type: Boolean, reflect: true },
    disabled: { type: Boolean, reflect: true },
  };

  /** Address of the cloud, without a slash at the end; empty for the one that served this script. */
  declare endpoint: string;
  declare mode: Mode;
  /** The name a face is compared with or stored under. Not used in mode `identify`. */
  declare subject: string;
  /** Whether a good picture is taken by itself, after a countdown, or by a button only. */
  declare capture: 'auto' | 'button';
  /** As in BCP 47; empty for the language of the page. */
  declare locale: string;
  declare theme: 'light' | 'dark' | 'auto';
  /** Tries this backend of the networks alone; the best that works if it is not set. */
  declare backend: Backend | undefined;
  /** Of the form's field. */
  declare name: string;
  /** Whether the form needs an answer that is not no. */
  declare required: boolean;
  declare disabled: boolean;

  readonly #internals = this.attachInternals();
  readonly #flow: Flow = new Flow(
    {
      camera: createLiveCamera(),
      openSession: (cloud) =>
        createSession({
          // Null where the attribute was removed.
          backend: this.backend ?? undefined,
          base: `${cloud}/`,
          cloud: connectCloud(cloud),
          // Receipts belong to the page, which gets them by event.
          storage: null,
        }),
      video: () => this.renderRoot.querySelector('video'),
      onReady: ({ backend, release }) => this.#tell('xnn-ready', { backend, release }),
      onLate: (result) => this.#tellResult(result),
    },
    (state, before) => this.#onFlow(state, before),
  );
  /** Whether something in here had the focus before what is shown changed. */
  #hadFocus = false;
  /** By the form around it. */
  #formDisabled = false;

  constructor() {
    super();
    this.endpoint = '';
    this.mode = 'verify';
    this.subject = '';
    this.capture = 'auto';
    this.locale = '';
    this.theme = 'auto';
    this.backend = undefined;
    this.name = '';
    this.required = false;
    this.disabled = false;
  }

  /** Lets camera and answer go, as if the button had not been pressed. */
  reset(): void {
    this.#flow.cancel();
  }

  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }

  get validity(): ValidityState {
    return this.#internals.validity;
  }

  get validationMessage(): string {
    return this.#internals.validationMessage;
  }

  checkValidity(): boolean {
    return this.#internals.checkValidity();
  }

  reportValidity(): boolean {
    return this.#internals.reportValidity();
  }

  formResetCallback(): void {
    this.reset();
  }

  formDisabledCallback(disabled: boolean): void {
    this.#formDisabled = disabled;
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#flow.release();
  }

  /** What was asked before is no answer to what is asked now, not even to a form that is sent before the next update. */
  override requestUpdate(...change: Parameters<LitElement['requestUpdate']>): void {
    super.requestUpdate(...change);
    const [name, before] = change;
    if (!this.hasUpdated || name === undefined || this[name as keyof this] === before) return;
    if (name === 'endpoint' || name === 'backend') this.#flow.release();
    else if (name === 'mode' || name === 'subject') this.#flow.cancel();
  }

  override willUpdate(): void {
    this.#hadFocus = this.shadowRoot?.activeElement != null;
  }

  override updated(): void {
    this.#reportToForm();
    // A button that went takes the focus with it; while there is none, the frame keeps it.
    const target = this.#target();
    const focused = this.shadowRoot?.activeElement ?? null;
    if (this.#hadFocus && (focused === null || focused.matches('.frame')) && focused !== target) {
      target?.focus({ preventScroll: true });
    }
    const video = this.renderRoot.querySelector('video');
    const stream = streamOf(this.#flow.state);
    if (video && video.srcObject !== stream) video.srcObject = stream;
  }

  override render(): TemplateResult {
    const { lang, strings } = this.#language();
    const state = this.#flow.state;
    return html`
      <div class="frame" part="frame" role="group" aria-label=${strings.name} lang=${lang} tabindex="-1">
        ${this.#viewport(state, strings)}
        <div class="message ${toneOf(state)}" part="message" role="status">${this.#message(state, strings)}</div>
        <div class="row">${this.#buttons(state, strings)}</div>
        ${state.phase === 'live' && state.cameras.length > 1 ? this.#cameras(state, strings) : nothing}
        <div class="privacy" part="privacy"><slot name="privacy">${strings.privacy}</slot></div>
      </div>
    `;
  }

  #viewport(state: FlowState, strings: Strings): TemplateResult {
    const stream = streamOf(state);
    const mirrored = stream?.getVideoTracks()[0]?.getSettings().facingMode !== 'environment';
    return html`
      <div class=${stream ? 'viewport filming' : 'viewport'} part="viewport">
        ${
          stream
            ? html`<video part="video" class=${mirrored ? 'mirrored' : ''} autoplay playsinline .muted=${true}></video>
                ${oval(state.phase === 'live' && state.hint === null)}`
            : pictureOf(state)
        }
        ${
          state.phase === 'live' && state.seconds !== null
            ? html`<div class="count" part="countdown" aria-hidden="true">${state.seconds}</div>`
            : nothing
        }
        ${
          state.phase === 'starting'
            ? html`<progress
                part="progress"
                aria-label=${strings.loading}
                .value=${state.progress.fraction}
              ></progress>`
            : nothing
        }
      </div>
    `;
  }

  #message(state: FlowState, strings: Strings): unknown {
    switch (state.phase) {
      case 'idle':
        if (state.released) return strings.released;
        return html`<slot name="intro">${strings.intro[this.#spoken()]}</slot>`;
      case 'starting':
        return state.stream ? strings.loading : strings.allowCamera;
      case 'live': {
        const taken = state.wanted > 1 ? html`<br />${strings.taken(state.taken, state.wanted)}` : nothing;
        return html`${guidance(state, strings)}${taken}`;
      }
      case 'working':
        return strings.working;
      case 'done':
        return html`<slot name=${state.result.kind}>${answerText(state.result, strings)}</slot>`;
      case 'failed':
        return errorText(strings, state.error);
    }
  }

  #buttons(state: FlowState, strings: Strings): unknown {
    const start = (text: unknown) => html`
      <button
        part="button primary-button"
        class="primary"
        type="button"
        ?disabled=${this.disabled || this.#formDisabled}
        @click=${() => this.#begin()}
      >
        ${text}
      </button>
    `;
    const cancel = html`
      <button part="button" type="button" @click=${() => this.#flow.cancel()}>${strings.cancel}</button>
    `;
    switch (state.phase) {
      case 'idle':
        return start(html`<slot name="start">${strings.start[this.#spoken()]}</slot>`);
      case 'starting':
        return cancel;
      case 'live':
        return html`
          <button part="button primary-button" class="primary" type="button" @click=${() => void this.#flow.take()}>
            ${strings.take}
          </button>
          ${cancel}
        `;
      case 'working':
        return nothing;
      case 'done':
        return state.result.kind === 'refused' ? start(strings.again) : nothing;
      case 'failed':
        return start(strings.again);
    }
  }

  #cameras({ stream, cameras }: Extract<FlowState, { phase: 'live' }>, strings: Strings): TemplateResult {
    const { deviceId } = stream.getVideoTracks()[0]?.getSettings() ?? {};
    const choose = ({ target }: Event) => this.#flow.chooseCamera((target as HTMLSelectElement).value);
    return html`
      <label part="cameras">
        ${strings.camera}
        <select @change=${choose}>
          ${cameras.map(
            (camera, i) => html`
              <option value=${camera.deviceId} ?selected=${camera.deviceId === deviceId}>
                ${camera.label || strings.cameraNumber(i + 1)}
              </option>
            `,
          )}
        </select>
      </label>
    `;
  }

  /** The mode whose words are shown; a press says so if it is not one. */
  #spoken(): Mode {
    return isMode(this.mode) ? this.mode : 'verify';
  }

  #begin(): void {
    const { mode, subject, capture } = this;
    this.#flow.begin({ mode, subject, cloud: cloudAt(this.endpoint), automatic: capture !== 'button' });
  }

  #onFlow(state: FlowState, before: FlowState): void {
    this.requestUpdate();
    // Who is told may send the form at once.
    if (this.hasUpdated) this.#reportToForm();
    if (state.phase === 'starting') {
      if (before.phase !== 'starting' || before.progress !== state.progress) this.#tell('xnn-progress', state.progress);
    } else if (state.phase === 'done' && before !== state) {
      this.#tellResult(state.result);
    } else if (state.phase === 'failed') {
      const { strings } = this.#language();
      this.#tell('xnn-error', { code: state.error, message: errorText(strings, state.error) });
    }
  }

  #tellResult(result: Result): void {
    switch (result.kind) {
      case 'verified':
        return this.#tell('xnn-verified', { mode: result.mode, subject: result.subject });
      case 'enrolled':
        return this.#tell('xnn-enrolled', { subject: result.subject, receipt: result.receipt });
      case 'refused':
        return this.#tell('xnn-refused', { mode: result.mode, subject: result.subject, code: 'no_match' });
    }
  }

  #tell<Type extends keyof XnnFaceLoginEvents>(type: Type, detail: XnnFaceLoginEvents[Type]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** What a form sends: "verified", whom the cloud found, or the receipt of the enrolment. */
  #reportToForm(): void {
    const state = this.#flow.state;
    const result = state.phase === 'done' && state.result.kind !== 'refused' ? state.result : null;
    this.#internals.setFormValue(result && valueOf(result));
    const missing = this.required && result === null;
    const { required } = this.#language().strings;
    if (missing) this.#internals.setValidity({ valueMissing: true }, required, this.#target() ?? this);
    else this.#internals.setValidity({});
  }

  /** What a person goes on with: the first button, or the frame while there is none. */
  #target(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('button') ?? this.renderRoot.querySelector<HTMLElement>('.frame');
  }

  #language() {
    return language(this.locale || (this.closest<HTMLElement>('[lang]') ?? document.documentElement).lang);
  }
}

/** The origin that an endpoint is; null if it has a path, which nobody would ask, or no scheme, so that it would be one. */
function cloudAt(endpoint: string): string | null {
  if (endpoint === '') return home();
  const url = URL.canParse(endpoint, location.href) ? new URL(endpoint, location.href) : null;
  return url?.pathname === '/' && /^https?:$/.test(url.protocol) ? url.origin : null;
}

/** Where this script came from; where that is nowhere, the page. */
function home(): string {
  const { origin, protocol } = new URL(import.meta.url);
  return /^https?:$/.test(protocol) ? origin : location.origin;
}

function streamOf(state: FlowState): MediaStream | null {
  return state.phase === 'starting' || state.phase === 'live' ? state.stream : null;
}

function pictureOf(state: FlowState): TemplateResult {
  if (state.phase === 'starting' || state.phase === 'working') return html`<div class="turning"></div>`;
  if (state.phase === 'done') return state.result.kind === 'refused' ? no : yes;
  return state.phase === 'failed' ? no : face;
}

function toneOf(state: FlowState): string {
  if (state.phase === 'failed' || (state.phase === 'done' && state.result.kind === 'refused')) return 'trouble';
  return state.phase === 'idle' || state.phase === 'starting' ? 'plain' : '';
}

function guidance({ hint, seconds }: Extract<FlowState, { phase: 'live' }>, strings: Strings): string {
  if (hint === undefined) return strings.looking;
  if (hint !== null) return errorText(strings, hint);
  return seconds === null ? strings.good : strings.goodByItself;
}

function answerText(result: Result, strings: Strings): string {
  if (result.kind === 'enrolled') return strings.enrolled;
  if (result.kind === 'refused') return result.mode === 'identify' ? strings.unknown : strings.refused;
  return result.mode === 'identify' ? strings.identified(result.subject) : strings.verified;
}

function valueOf(result: Exclude<Result, { kind: 'refused' }>): string {
  if (result.kind === 'enrolled') return result.receipt;
  return result.mode === 'identify' ? result.subject : 'verified';
}

declare global {
  interface HTMLElementTagNameMap {
    'xnn-face-login': XnnFaceLogin;
  }
}
