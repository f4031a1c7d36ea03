import { readFileSync } from 'node:fs';
import { describe, expect, it, jest } from '@jest/globals';

interface Vector {
  tcId: number;
  comment: string;
  result: 'valid' | 'invalid' | 'acceptable';
}
interface AeadVector extends Vector {
  key: string;
  iv: string;
  aad: string;
  msg: string;
  ct: string;
  tag: string;
}
interface HkdfVector extends Vector {
  ikm: string;
  salt: string;
  info: string;
  size: number;
  okm: string;
}
interface Pbkdf2Vector extends Vector {
  password: string;
  salt: string;
  iterationCount: number;
  dkLen: number;
  dk: string;
}
interface Group<V> {
  keySize?: number;
  ivSize?: number;
  tagSize?: number;
  tests: V[];
}

function readGroups<V>(file: string): Group<V>[] {
  const url = new URL(`../../test/vectors/wycheproof/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { testGroups: Group<V>[] }).testGroups;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

// The nonce of a vector takes the place of the random one.
let nextRandom: Buffer = Buffer.alloc(0);
jest.unstable_mockModule('./draw-random.js', () => ({ drawRandom: () => nextRandom }));
const { aeadSeal } = await import('./aead-seal.js');
const { aeadOpen } = await import('./aead-open.js');
const { SealBrokenError } = await import('./crypto.errors.js');
const { hkdfSha256 } = await import('./hkdf.js');
const { pbkdf2Sha256 } = await import('./pbkdf2.js');

describe('AES-GCM against Wycheproof', () => {
  const vectors = readGroups<AeadVector>('aes_gcm_test.json')
    .filter((group) => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128)
    .flatMap((group) => group.tests);
  const valid = vectors.filter((vector) => vector.result === 'valid');
  const invalid = vectors.filter((vector) => vector.result === 'invalid');
  const sealedOf = (vector: AeadVector): Buffer => hex(vector.iv + vector.ct + vector.tag);

  it('covers every vector of our form', () => {
    expect(vectors).toHaveLength(66);
    expect(valid.length + invalid.length).toBe(66);
    expect(invalid.length).toBeGreaterThan(10);
  });

  it.each(valid)('$tcId opens, and sealing gives the same bytes ($comment)', (vector) => {
    const opened = aeadOpen(hex(vector.key), sealedOf(vector), hex(vector.aad));
    expect(opened.toString('hex')).toBe(vector.msg);

    nextRandom = hex(vector.iv);
    const sealed = aeadSeal(hex(vector.key), hex(vector.msg), hex(vector.aad));
    expect(sealed.toString('hex')).toBe(vector.iv + vector.ct + vector.tag);
  });

  it.each(invalid)('$tcId is refused ($comment)', (vector) => {
    expect(() => aeadOpen(hex(vector.key), sealedOf(vector), hex(vector.aad))).toThrow(SealBrokenError);
  });
});

describe('HKDF-SHA256 against Wycheproof', () => {
  const vectors = readGroups<HkdfVector>('hkdf_sha256_test.json').flatMap((group) => group.tests);

  it('covers every vector', () => {
    expect(vectors).toHaveLength(86);
  });

  it.each(vectors)('$tcId is $result ($comment)', (vector) => {
    const derive = (): Buffer => hkdfSha256(hex(vector.ikm), hex(vector.salt), hex(vector.info), vector.size);
    const outcome = vector.result === 'valid' ? derive().toString('hex') : refusalOf(derive);
    expect(outcome).toBe(vector.result === 'valid' ? vector.okm : 'refused: RangeError');
  });
});

function refusalOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return `refused: ${(error as Error).name}`;
  }
}

describe('PBKDF2-HMAC-SHA256 against Wycheproof', () => {
  const vectors = readGroups<Pbkdf2Vector>('pbkdf2_hmacsha256_test.json').flatMap((group) => group.tests);

  it('covers every vector, all of them valid', () => {
    expect(vectors).toHaveLength(60);
    expect(vectors.every((vector) => vector.result === 'valid')).toBe(true);
  });

  it.each(vectors)('$tcId gives the known key ($comment)', async (vector) => {
    const { password, salt, iterationCount, dkLen, dk } = vector;
    const key = await pbkdf2Sha256(hex(password), hex(salt), iterationCount, dkLen);
    expect(key.toString('hex')).toBe(dk);
  });
});
