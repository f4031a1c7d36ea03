import { createHmac } from 'node:crypto';
import { deriveSubkey } from '../../src/crypto/derive-subkey.js';
import { parseKeyRing } from '../../src/crypto/parse-key-ring.js';

export type Json = Record<string, unknown>;

/** The key that the service signs with, from a ring of one entry as the test configuration has it. */
export function signingKeyOf(ring: string): Buffer {
  return deriveSubkey(parseKeyRing('JWT_SECRET_KEY', ring).current, 'mc101/jwt/v1');
}

export const encodePart = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** The header and the claims of a token, unverified. */
export function partsOf(token: string): { header: Json; payload: Json } {
  const [header, payload] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json) as [Json, Json];
  return { header, payload };
}

/** A JWS in compact form over these very parts; what stands in them is the test's affair. */
export function forge(header: unknown, payload: unknown, key: Buffer, hash = 'sha256'): string {
  const signed = `${encodePart(header)}.${encodePart(payload)}`;
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`;
}
