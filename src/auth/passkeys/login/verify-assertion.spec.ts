import { describe, expect, it } from '@jest/globals';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import fc from 'fast-check';
import { EXAMPLE_ASSERTION, EXAMPLE_CHALLENGE, EXAMPLE_CREDENTIAL_ID } from '../example-passkey.js';
import type { PasskeyWithOwner } from '../passkeys.repository.js';
import { NOBODYS_PASSKEY } from './nobodys-passkey.js';
import { verifyAssertion } from './verify-assertion.js';

type Assertion = AuthenticationResponseJSON['response'];

const US = { id: 'localhost', origin: 'http://localhost:8000' };
/** The documentation's passkey. */
const PASSKEY: PasskeyWithOwner = { ...NOBODYS_PASSKEY, isBackupEligible: true };

const verify = (response: Assertion, passkey = PASSKEY, us = US) =>
  verifyAssertion(
    {
      id: EXAMPLE_CREDENTIAL_ID,
      rawId: EXAMPLE_CREDENTIAL_ID,
      type: 'public-key',
      clientExtensionResults: {},
      response,
    },
    EXAMPLE_CHALLENGE,
    passkey,
    us,
  );

function flipBit(base64url: string, bit: number): string {
  const bytes = Buffer.from(base64url, 'base64url');
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return bytes.toString('base64url');
}

function bitsOf(base64url: string): number[] {
  return Array.from({ length: Buffer.from(base64url, 'base64url').length * 8 }, (_, bit) => bit);
}

/**
 * The bits of r and s (RFC 3279, 2.2.3). The library is lenient about the tags around them: those say nothing, and
 * another spelling of one signature is of no use, as its challenge is used up with the first.
 */
function bitsOfNumbers(base64url: string): number[] {
  const lengthOfR = Buffer.from(base64url, 'base64url').readUInt8(3);
  const isHead = (byte: number) => byte < 4 || byte === 4 + lengthOfR || byte === 5 + lengthOfR;
  return bitsOf(base64url).filter((bit) => !isHead(bit >> 3));
}

describe('the answer of a passkey', () => {
  it('is right as it was signed', async () => {
    expect(await verify(EXAMPLE_ASSERTION)).toEqual({ counter: 0, isBackedUp: false });
  });

  it.each([
    ['clientDataJSON', bitsOf(EXAMPLE_ASSERTION.clientDataJSON)],
    ['authenticatorData', bitsOf(EXAMPLE_ASSERTION.authenticatorData)],
    ['signature', bitsOfNumbers(EXAMPLE_ASSERTION.signature)],
  ] as const)('is wrong with any one bit of its %s changed', async (part, bits) => {
    for (const bit of bits) {
      const changed = { ...EXAMPLE_ASSERTION, [part]: flipBit(EXAMPLE_ASSERTION[part], bit) };
      expect({ bit, use: await verify(changed) }).toEqual({ bit, use: undefined });
    }
  });

  it('is wrong for another service, another page and another kind of key', async () => {
    expect(await verify(EXAMPLE_ASSERTION, PASSKEY, { ...US, id: 'local' })).toBeUndefined();
    expect(await verify(EXAMPLE_ASSERTION, PASSKEY, { ...US, origin: 'http://localhost' })).toBeUndefined();
    expect(await verify(EXAMPLE_ASSERTION, { ...PASSKEY, isBackupEligible: false })).toBeUndefined();
  });

  it('is wrong under a key that cannot be read, and throws nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (publicKey) => {
        const passkey = { ...PASSKEY, publicKey: Buffer.from(publicKey) };
        expect(await verify(EXAMPLE_ASSERTION, passkey)).toBeUndefined();
      }),
    );
  });

  it('is wrong whatever bytes stand in it, and throws nothing', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('base64url'));
    const parts = fc.record({ clientDataJSON: bytes, authenticatorData: bytes, signature: bytes });
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom(...Object.keys(EXAMPLE_ASSERTION)), async (random, kept) => {
        const response = { ...random, [kept]: EXAMPLE_ASSERTION[kept as keyof typeof EXAMPLE_ASSERTION] };
        expect(await verify(response)).toBeUndefined();
      }),
    );
  });
});
