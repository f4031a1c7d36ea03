import {
  generateKeyPair as generateKeyPairWith,
  randomUUID,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';

const generateKeyPair = promisify(generateKeyPairWith);

/** A key for RS256, as its provider has it and as it publishes it. */
export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  privateJwk: JsonWebKey;
  publicJwk: JsonWebKey;
}

export async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const about = { kid, alg: 'RS256', use: 'sig' };
  return {
    kid,
    privateKey,
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...about },
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...about },
  };
}
