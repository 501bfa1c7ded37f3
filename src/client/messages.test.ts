import { expect, test } from 'vitest';
import { nameOf, XnnError } from './messages.js';

test.each([
  ['Ada Lovelace ', 'Ada Lovelace'],
  ['Zoe\u0308', 'Zo\u00eb'],
  ['Grace O’Malley', "Grace O'Malley"],
])('%j is kept as %j', (typed, name) => {
  expect(nameOf(typed)).toBe(name);
});

test('what is no name is refused by its code', () => {
  expect(() => nameOf('a/b')).toThrow(new XnnError('subject_invalid'));
});
