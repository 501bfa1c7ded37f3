import { expect, test } from 'vitest';
import { ERROR_CODES, httpStatus, isErrorCode, sentence, XnnError } from './errors.js';

test.each(ERROR_CODES)('%s has a sentence for people and a status for the wire', (code) => {
  expect(sentence(code)).toMatch(/^[A-Z].+\.$/);
  expect(httpStatus(code)).toBeGreaterThanOrEqual(400);
  expect(httpStatus(code)).toBeLessThan(600);
});

test('only codes are codes, not what every object has', () => {
  expect(isErrorCode('no_face')).toBe(true);
  for (const other of ['toString', '__proto__', 'constructor', '', undefined, 404])
    expect(isErrorCode(other)).toBe(false);
});

test('an error keeps code, detail and cause', () => {
  const cause = new Error('below');
  const error = new XnnError('message_truncated', '3 of 4 bytes', { cause });
  expect(error).toMatchObject({
    name: 'XnnError',
    code: 'message_truncated',
    message: 'message_truncated: 3 of 4 bytes',
    cause,
  });
  expect(new XnnError('internal').message).toBe('internal');
});
