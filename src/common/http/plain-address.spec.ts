import { expect, it } from '@jest/globals';
import { toPlainAddress } from './plain-address.js';

it.each([
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:5678', '1.2.3.4'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:5678', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%eth0]:5678', 'fe80::1'],
  ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
  ['unknown', null],
  ['_hidden', null],
  ['', null],
  ['1.2.3', null],
  ['1.2.3.4:5678:9', null],
  ["1.2.3.4'; --", null],
])('the client at %j is remembered as %j', (given, address) => {
  expect(toPlainAddress(given)).toBe(address);
});
