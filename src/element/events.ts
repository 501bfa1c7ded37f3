import type { ErrorCode } from '../client/messages.js';
import type { Backend, Progress } from '../client/types.js';

export type { Backend, ErrorCode, Progress };

/** What is asked: whether a face is the subject's; whose it is; or to store it under the subject's name. */
export type Mode = 'verify' | 'identify' | 'enrol';

/** All events bubble and cross shadow roots. None is proof of anything to a server: a page can send whatever it likes. */
export interface XnnFaceLoginEvents {
  /** The networks run. */
  'xnn-ready': CustomEvent<{
    readonly backend: Backend;
    /** Release of the model, for people ("1.0.0"). */
    readonly release: string;
  }>;
  /** How far the start is, in [0, 1]. */
  'xnn-progress': CustomEvent<Progress>;
  /** The cloud said yes. In mode `identify`, `subject` is whom it found. */
  'xnn-verified': CustomEvent<{ readonly mode: 'verify' | 'identify'; readonly subject: string }>;
  /** A template is stored. Who has `receipt`, 64 hexadecimal digits, may remove it. */
  'xnn-enrolled': CustomEvent<{ readonly subject: string; readonly receipt: string }>;
  /** The cloud said no. `subject` is null in mode `identify`. */
  'xnn-refused': CustomEvent<{
    readonly mode: 'verify' | 'identify';
    readonly subject: string | null;
    readonly code: 'no_match';
  }>;
  /** There was no answer. `message` is the sentence that is shown. */
  'xnn-error': CustomEvent<{ readonly code: ErrorCode; readonly message: string }>;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- only so are the events typed on every element
  interface HTMLElementEventMap extends XnnFaceLoginEvents {}
}
