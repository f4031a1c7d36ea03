import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClientNetworks } from './client-networks.js';

const networks = new ClientNetworks(['192.0.2.0/24', '198.51.100.7', '2001:db8:a::/48', '::1']);
const keyOf = (address: string | null) => networks.networkOf(address).key;

describe('the network that a limit counts', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
    ['[2001:db8:0:1::]:443', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ])('of %s is %s', (address, key) => {
    expect(keyOf(address)).toBe(key);
  });

  it.each([null, '', 'unknown', '_hidden', '999.1.1.1', '2001:db8::1::1', '<script>'])(
    'of %s, which is no address, is one for all of these',
    (address) => {
      expect(networks.networkOf(address)).toEqual({ key: 'unknown', factor: 1 });
    },
  );

  it('of every IPv6 address of a /64 is the same, however it is written, and differs from that of the next', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const hex = (groups: number[], upper: boolean, padded: boolean) =>
      groups
        .map((value) => value.toString(16).padStart(padded ? 4 : 1, '0'))
        .map((value) => (upper ? value.toUpperCase() : value))
        .join(':');
    fc.assert(
      fc.property(
        // Anything but the prefixes that stand for IPv4.
        fc.tuple(fc.integer({ min: 0x2000, max: 0x3fff }), group, group, fc.integer({ min: 0, max: 0xfffe })),
        fc.array(group, { minLength: 4, maxLength: 4 }),
        fc.array(group, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        (network, one, other, upper, padded) => {
          const key = keyOf(hex([...network, ...one], upper, padded));
          expect(keyOf(hex([...network, ...other], !upper, !padded))).toBe(key);
          const [first, second, third, fourth] = network;
          expect(keyOf(hex([first, second, third, fourth + 1, ...one], upper, padded))).not.toBe(key);
        },
      ),
    );
  });
});

describe('a trusted network', () => {
  it.each(['192.0.2.77', '::ffff:192.0.2.77', '198.51.100.7', '2001:db8:a:1::5', '::1'])(
    'has twenty times the limit: %s',
    (address) => {
      expect(networks.networkOf(address).factor).toBe(20);
    },
  );

  it.each(['192.0.3.1', '198.51.100.8', '2001:db8:b::1', '::2'])('is not this one: %s', (address) => {
    expect(networks.networkOf(address).factor).toBe(1);
  });
});
