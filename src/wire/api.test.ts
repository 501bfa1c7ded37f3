import { expect, test } from 'vitest';
import { ROUTES, SUBJECT_PATTERN } from './api.js';

test.each([
  'a',
  'Ada Lovelace',
  'ada@example.org',
  'x_y-z.1',
  "Grace O'Malley",
  '李小龍',
  'Ǻgúst',
  'नमस्ते',
  'a'.repeat(64),
  '𠀀'.repeat(64),
])('%s is a name', (name) => {
  expect(SUBJECT_PATTERN.test(name)).toBe(true);
});

test.each([
  '',
  ' ',
  ' a',
  'a ',
  'a  b',
  'a\n',
  'a/b',
  '../a',
  '<b>',
  'a’b',
  'a"b',
  'a\0',
  'a\u202eb',
  '😀',
  'a'.repeat(65),
])('%j is no name', (name) => {
  expect(SUBJECT_PATTERN.test(name)).toBe(false);
});

test('a name cannot change the path it is put into', () => {
  expect(ROUTES.removal('a/../b c')).toBe('/v1/subjects/a%2F..%2Fb%20c/removal');
});
