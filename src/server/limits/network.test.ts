import { expect, test } from 'vitest';
import { networkOf } from './network.js';

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('of IPv6 the network of 64 bits is one visitor: %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each(['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:c000:207', '0:0:0:0:0:ffff:c000:0207', '64:ff9b::192.0.2.7'])(
  'an address of IPv4 is itself, also written as %s',
  (address) => {
    expect(networkOf(address)).toBe('192.0.2.7');
  },
);

test.each(['', 'unknown', '192.0.2.7:1234'])('what is no address is left as it is: "%s"', (address) => {
  expect(networkOf(address)).toBe(address);
});
