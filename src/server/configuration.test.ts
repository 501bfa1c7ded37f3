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

test('blanks are no number, and parts of what is counted are refused', () => {
  expect(() => configuration({ PORT: ' ' })).toThrow('PORT must be');
  expect(() => configuration({ METRICS_PORT: ' ' })).toThrow('METRICS_PORT must be');
  expect(() => configuration({ TRAINING_BUNDLE_GB: ' ' })).toThrow('TRAINING_BUNDLE_GB must be');
  expect(() => configuration({ TRAINING_AT_ONCE: '0.5' })).toThrow('TRAINING_AT_ONCE must be a whole number');
  expect(configuration({ TRAINING_BUNDLE_GB: '0.5' }).training).toEqual({ bundleBytes: 5e8 });
  expect(configuration({ PORT: '' }).port).toBe(8080);
});
