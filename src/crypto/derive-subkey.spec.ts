import { describe, expect, it } from '@jest/globals';
import { deriveSubkey } from './derive-subkey.js';
import { hkdfSha256 } from './hkdf.js';
import { parseKeyRing } from './parse-key-ring.js';

const VARIABLE = 'APP_ENCRYPTION_KEY';
const NEW = Buffer.alloc(32, 0xfb);
const OLD = Buffer.alloc(32, 0x02);
const PURPOSE = 'mc101/jwt/v1';

/** A ring of its own for each test, so that nothing was derived from its entries before. */
const parseRing = () => parseKeyRing(VARIABLE, `k2:${NEW.toString('base64')},k1:${OLD.toString('base64')}`);

describe('a subkey', () => {
  it('differs by purpose and by key', () => {
    const ring = parseRing();
    const subkey = deriveSubkey(ring.current, PURPOSE);
    expect(subkey).toHaveLength(32);
    expect(deriveSubkey(ring.current, 'mc101/canary/v1')).not.toEqual(subkey);
    expect(deriveSubkey(ring.find('k1'), PURPOSE)).not.toEqual(subkey);
    expect(ring.current.key.export()).not.toEqual(subkey);
  });

  it('is HKDF of the entry under the purpose, the first time and every time after', () => {
    const { current } = parseRing();
    const expected = hkdfSha256(NEW, Buffer.alloc(0), PURPOSE, 32);
    for (let n = 0; n < 3; n += 1) expect(deriveSubkey(current, PURPOSE)).toEqual(expected);
    expect(deriveSubkey(parseRing().current, PURPOSE)).toEqual(expected);
  });

  it('belongs to whoever asked: overwriting it changes no other, earlier or later', () => {
    const { current } = parseRing();
    const expected = hkdfSha256(NEW, Buffer.alloc(0), PURPOSE, 32);
    const [first, second, third] = [1, 2, 3].map(() => deriveSubkey(current, PURPOSE));
    first?.fill(0);
    expect([second, third]).toEqual([expected, expected]);
    third?.fill(0);
    expect(second).toEqual(expected);
    expect(deriveSubkey(current, PURPOSE)).toEqual(expected);
  });

  it('does not stay with an id that now stands for another key', () => {
    const former = deriveSubkey(parseRing().find('k1'), PURPOSE);
    const renamed = parseKeyRing(VARIABLE, `k1:${NEW.toString('base64')}`).current;
    expect(deriveSubkey(renamed, PURPOSE)).toEqual(hkdfSha256(NEW, Buffer.alloc(0), PURPOSE, 32));
    expect(deriveSubkey(renamed, PURPOSE)).not.toEqual(former);
  });
});
