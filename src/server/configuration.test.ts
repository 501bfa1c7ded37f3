import { expect, test } from 'vitest';
import { configuration } from './configuration.js';

test('a proxy is trusted when that is said, and what is neither yes nor no is refused', () => {
  expect(configuration({}).behindProxy).toBe(false);
  expect(configuration({ BEHIND_PROXY: '0' }).behindProxy).toBe(false);
  expect(configuration({ BEHIND_PROXY: '1' }).behindProxy).toBe(true);
  for (const wrong of ['true', 'yes', '2']) {
    expect(() => configuration({ BEHIND_PROXY: wrong })).toThrow('BEHIND_PROXY must be');
  }
});
