import { describe, expect, it } from '@jest/globals';
import { KdfParametersRefusedError } from './crypto.errors.js';
import { derivePasswordKey } from './derive-password-key.js';
import { newKdfParameters, type KdfParameters } from './kdf-parameters.js';

const SALT = Buffer.alloc(16, 5);
const withChange = (change: Partial<KdfParameters>): KdfParameters => ({
  name: 'pbkdf2-hmac-sha256',
  iterations: 600_000,
  salt: SALT,
  ...change,
});

describe('derivePasswordKey', () => {
  it('gives the same key however an accented letter was typed, and another one for another letter', async () => {
    const parameters = withChange({});
    const composed = await derivePasswordKey('caf\u00e9 noir', parameters);
    expect(composed).toHaveLength(32);
    expect(await derivePasswordKey('cafe\u0301 noir', parameters)).toEqual(composed);
    expect(await derivePasswordKey('cafe noir', parameters)).not.toEqual(composed);
    expect(await derivePasswordKey('caf\u00e9 noir', withChange({ salt: Buffer.alloc(16, 6) }))).not.toEqual(
      composed,
    );
  });

  it.each([
    ['one iteration below the floor', { iterations: 599_999 }],
    ['one iteration', { iterations: 1 }],
    ['no iterations', { iterations: 0 }],
    ['an iteration above the ceiling', { iterations: 2_000_001 }],
    ['half an iteration', { iterations: 600_000.5 }],
    ['no number of iterations', { iterations: Number.NaN }],
    ['a short salt', { salt: Buffer.alloc(15) }],
    ['a long salt', { salt: Buffer.alloc(17) }],
    ['another function', { name: 'pbkdf2-hmac-sha1' }],
  ])('refuses stored parameters with %s', async (_what, change) => {
    await expect(derivePasswordKey('correct horse', withChange(change))).rejects.toThrow(
      KdfParametersRefusedError,
    );
  });

  it('accepts the ceiling of two million iterations', async () => {
    const key = await derivePasswordKey('correct horse', withChange({ iterations: 2_000_000 }));
    expect(key).toHaveLength(32);
  });
});

describe('newKdfParameters', () => {
  it('asks for 600,000 iterations and draws another salt each time', () => {
    const one = newKdfParameters();
    expect(one).toMatchObject({ name: 'pbkdf2-hmac-sha256', iterations: 600_000 });
    expect(one.salt).toHaveLength(16);
    expect(newKdfParameters().salt).not.toEqual(one.salt);
  });
});
