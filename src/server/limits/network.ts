import { isIPv6 } from 'node:net';

/** What IPv4 addresses begin with in IPv6's notation: those of a socket that takes both, and those of a translator. */
const IPV4 = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * What an address is counted as. Of IPv6 it is the network of 64 bits: one visitor has all of its addresses. An address of IPv4 is itself,
 * however it is written; and so is what is no address.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  // Written in one way by a URL, which knows no zones.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, '')}]`);
  const [before = [], after = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((groups) => groups.split(':').filter((group) => group !== ''));
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  if (!IPV4.includes(groups.slice(0, 6).join(':'))) return `${groups.slice(0, 4).join(':')}::/64`;
  const bytes = groups.slice(6).flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}
