import { MAX_SUBJECT_LENGTH } from '../core/spec.js';
import type { ErrorCode } from '../core/errors.js';

/** Content type of a request whose body is one message, or up to five for an enrolment, one after another. */
export const MESSAGE_TYPE = 'application/octet-stream';

/** Every route, under the cloud's address. */
export const ROUTES = {
  service: '/v1/service',
  challenges: '/v1/challenges',
  enrolment: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/enrolment`,
  verification: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/verification`,
  removal: (subject: string) => `/v1/subjects/${encodeURIComponent(subject)}/removal`,
  identification: '/v1/identification',
} as const;

/** GET service: what a browser must know before it encodes. */
export interface ServiceReply {
  /** Model version, 16 hexadecimal digits; the browser's own must be the same. */
  readonly model: string;
  /** The same of keyed mode. */
  readonly keyedModel: string;
  /** 32 hexadecimal digits. */
  readonly tenant: string;
}

/** POST challenges. */
export interface ChallengeReply {
  /** 32 hexadecimal digits, to be used in one request. */
  readonly challenge: string;
  /** In ms from now. */
  readonly expiresIn: number;
}

/** POST enrolment, with one to five messages of one challenge. */
export interface EnrolmentReply {
  readonly subject: string;
  /** 64 hexadecimal digits, shown once: who has them may remove the subject. */
  readonly receipt: string;
}

/** POST verification, with one message. An unknown subject is a `no_match` like any other. */
export interface VerificationReply {
  readonly verdict: 'match' | 'no_match';
}

/** POST identification, with one message. */
export type IdentificationReply =
  { readonly verdict: 'match'; readonly subject: string } | { readonly verdict: 'no_match' };

/** POST removal, with a JSON body; or with one message that shows the subject's face. */
export interface RemovalRequest {
  readonly receipt: string;
  /** Whose gallery, 32 hexadecimal digits; the cloud's own if it is not there. */
  readonly tenant?: string | undefined;
}

export interface RemovalReply {
  readonly removed: true;
}

/** What every route answers when it refuses. */
export interface ErrorReply {
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** A name: letters, digits, spaces and . _ - @ ' of any script, 1 to 64 characters, no space at either end. */
export const SUBJECT_PATTERN = new RegExp(
  `^(?=.{1,${MAX_SUBJECT_LENGTH}}$)[\\p{L}\\p{M}\\p{N}._@'-]+(?: [\\p{L}\\p{M}\\p{N}._@'-]+)*$`,
  'u',
);
