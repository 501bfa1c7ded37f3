// What a user interface needs of the shared vocabulary, so that it need not know where that comes from.
export { MAX_CAPTURES, MAX_SUBJECT_LENGTH } from '../core/spec.js';
export { isErrorCode, sentence, XnnError, type ErrorCode } from '../core/errors.js';
export { SUBJECT_PATTERN } from '../wire/api.js';
