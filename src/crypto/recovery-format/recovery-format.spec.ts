import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KdfParametersRefusedError, SealBrokenError } from '../crypto.errors.js';
import type { SealedRecovery } from './sealed-recovery.js';

interface Vector {
  passphrase: string;
  salt: string;
  nonce: string;
  aad: string;
  plaintext: string;
  file: {
    service: string;
    created_at: string;
    kdf: { name: string; iterations: number; salt: string };
    key_commitment: string;
    sealed: string;
  };
}

const url = new URL('../../../test/vectors/recovery-file-v1.json', import.meta.url);
const vector = JSON.parse(readFileSync(url, 'utf8')) as Vector;
const base64 = (text: string): Buffer => Buffer.from(text, 'base64');
const known: SealedRecovery = {
  service: vector.file.service,
  createdAt: vector.file.created_at,
  kdf: { ...vector.file.kdf, salt: base64(vector.file.kdf.salt) },
  keyCommitment: base64(vector.file.key_commitment),
  sealed: base64(vector.file.sealed),
};

// The vector's salt and nonce, in the order in which they are drawn, take the place of random ones.
let drawn: Buffer[] = [];
jest.unstable_mockModule('../draw-random.js', () => ({
  drawRandom: (length: number): Buffer => {
    const next = drawn.shift();
    if (next?.length !== length) throw new Error(`${length} random bytes were not foreseen.`);
    return next;
  },
}));
const { openRecovery } = await import('./open-recovery.js');
const { recoveryAad } = await import('./recovery-aad.js');
const { sealRecovery } = await import('./seal-recovery.js');

const draw = (...parts: string[]) => {
  drawn = parts.map((part) => Buffer.from(part, 'hex'));
};
beforeEach(() => {
  draw();
});

describe('the known recovery file', () => {
  it('opens with its passphrase, also typed on a keyboard that composes accents', async () => {
    expect(await openRecovery(vector.passphrase, known)).toBe(vector.plaintext);
    expect(await openRecovery(vector.passphrase.normalize('NFC'), known)).toBe(vector.plaintext);
  });

  it('is what sealing gives, byte for byte', async () => {
    draw(vector.salt, vector.nonce);
    const header = { service: known.service, createdAt: known.createdAt };
    expect(await sealRecovery(vector.passphrase, header, vector.plaintext)).toEqual(known);
    expect(recoveryAad(known).toString('hex')).toBe(vector.aad);
  });
});

describe('a recovery file stays closed', () => {
  const refusal = (changed: Partial<SealedRecovery>, passphrase = vector.passphrase) =>
    expect(openRecovery(passphrase, { ...known, ...changed })).rejects;
  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1;
    return copy;
  };

  it('to another passphrase', () => refusal({}, `${vector.passphrase}.`).toThrow(SealBrokenError));

  it('when anything in the open was changed', async () => {
    await refusal({ service: '0.1.1' }).toThrow(SealBrokenError);
    await refusal({ createdAt: '2026-01-05T09:00:00.001Z' }).toThrow(SealBrokenError);
    await refusal({ keyCommitment: flipped(known.keyCommitment, 0) }).toThrow(SealBrokenError);
    await refusal({ kdf: { ...known.kdf, iterations: 600_001 } }).toThrow(SealBrokenError);
    await refusal({ kdf: { ...known.kdf, salt: flipped(known.kdf.salt, 3) } }).toThrow(SealBrokenError);
  });

  it('when a bit of what is sealed was flipped, or its end is missing', async () => {
    for (const at of [0, 11, 12, 40, known.sealed.length - 1])
      await refusal({ sealed: flipped(known.sealed, at) }).toThrow(SealBrokenError);
    await refusal({ sealed: known.sealed.subarray(0, -1) }).toThrow(SealBrokenError);
    await refusal({ sealed: Buffer.alloc(0) }).toThrow(SealBrokenError);
  });

  it('when its password hashing was weakened, made endless, or is not ours', async () => {
    for (const kdf of [{ iterations: 1000 }, { iterations: 5_000_000 }, { name: 'md5' }])
      await refusal({ kdf: { ...known.kdf, ...kdf } }).toThrow(KdfParametersRefusedError);
  });
});
