import { expect, test } from 'vitest';
import { fromHex, toHex } from './hex.js';

test('bytes come back', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(fromHex(toHex(bytes), 256)).toEqual(bytes);
  expect(toHex(Uint8Array.of(0, 10, 255))).toBe('000aff');
});

test.each(['0', '000', '00000', 'zz00', '00FF', ' 000', '0x00', '+1+1'])('refuses %j for two bytes', (digits) => {
  expect(() => fromHex(digits, 2)).toThrow(expect.objectContaining({ code: 'request_invalid' }));
});
