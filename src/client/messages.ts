// What a user interface needs of the shared vocabulary, so that it need not know where that comes from.
import { sentence as english, XnnError, type ErrorCode } from '../core/errors.js';
import { SUBJECT_PATTERN } from '../wire/api.js';

export { MAX_CAPTURES, MAX_SUBJECT_LENGTH } from '../core/spec.js';
export { isErrorCode, XnnError, type ErrorCode } from '../core/errors.js';
export { SUBJECT_PATTERN } from '../wire/api.js';

/** Codes of command lines and of the administration, which are in English. */
type Unspoken =
  | `${'bundle' | 'upload' | 'job' | 'trainer' | 'training' | 'tail' | 'file' | 'resume' | 'pairs' | 'backup'}_${string}`
  | 'no_images'
  | 'too_few_identities'
  | 'too_few_pairs'
  | 'passphrase_missing'
  | 'passphrase_weak'
  | 'passphrase_differs'
  | 'tenant_missing'
  | 'tenant_exists'
  | 'client_missing'
  | 'master_key_wrong'
  | 'database_missing'
  | 'database_not_empty'
  | 'audit_broken'
  | 'quota_exceeded'
  | 'forbidden';

/** What a person is told, in another language than English, of what went wrong or how to pose. */
export type Sentences = Readonly<Record<Exclude<ErrorCode, Unspoken>, string>>;

/** What is wrong with one of several pictures. */
export class PictureError extends XnnError {
  constructor(
    code: ErrorCode,
    /** Its place among them, from 0. */
    readonly picture: number,
    options?: { cause?: unknown },
  ) {
    super(code, `picture ${picture}`, options);
  }
}

/** What was typed for a name: in NFC, without the blank that a phone's keyboard puts after a word, and with ' for the ’ it makes of it. */
export const tidied = (typed: string): string => typed.trim().normalize('NFC').replaceAll('’', "'");

/** A name as the cloud keeps it, so that its answers and kept receipts are found under it. @throws subject_invalid */
export function nameOf(typed: string): string {
  const name = tidied(typed);
  if (!SUBJECT_PATTERN.test(name)) throw new XnnError('subject_invalid');
  return name;
}

/** The sentence a person is shown for a code; in English where the language lacks it, or none is given. */
export function sentence(code: ErrorCode, sentences?: Partial<Sentences>): string {
  const spoken: Partial<Record<ErrorCode, string>> = sentences ?? {};
  return spoken[code] ?? english(code);
}
