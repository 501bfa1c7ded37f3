import { expect, it } from 'vitest';
import { formatsOf, hexDump } from './format.js';

const { bytes, duration, percent } = formatsOf('en');

it('writes bytes with separators', () => {
  expect([1, 999, 13_104, 1_234_567].map(bytes)).toEqual(['1 byte', '999 bytes', '13,104 bytes', '1,234,567 bytes']);
  expect(formatsOf('de').bytes(13_104)).toBe('13.104 Byte');
});

it('writes times in the unit people read', () => {
  expect([0, 0.4, 1, 84.4, 999.4, 999.5, 1_449].map(duration)).toEqual([
    '< 1 ms',
    '< 1 ms',
    '1 ms',
    '84 ms',
    '999 ms',
    '1.0 sec',
    '1.4 sec',
  ]);
});

it('does not say 100% before the end', () => {
  expect([0, 0.435, 0.999, 1].map(percent)).toEqual(['0%', '43%', '99%', '100%']);
});

it('dumps bytes and says when there are more', () => {
  expect(hexDump(Uint8Array.of(0, 0x58, 255), 3)).toBe('00 58 ff');
  expect(hexDump(Uint8Array.of(0, 0x58, 255), 2)).toBe('00 58 …');
});
