import { createSecretKey } from 'node:crypto';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import type { SigningKey } from './signing-key.js';

/** What is wrong with an ID token. Everything that is not named is as it should be. */
export interface IdTokenLies {
  /** In place of the right ones; undefined: the claim is left out. */
  claims?: Record<string, unknown>;
  /** In place of `kid` and the like; undefined: left out. */
  header?: Record<string, unknown>;
  /** What it is signed with: by default the newest key that the provider publishes. */
  signedWith?: SigningKey | 'nothing' | { secret: string };
  /** Changes the text of the token when it is done. */
  tamper?: (token: string) => string;
}

/** Signs what a provider claims, or what it was told to claim instead. */
export async function signIdToken(claims: JWTPayload, key: SigningKey, lies: IdTokenLies): Promise<string> {
  const payload = without({ ...claims, ...lies.claims });
  const { signedWith = key, tamper = (token: string) => token } = lies;
  if (signedWith === 'nothing') return tamper(unsecured(payload, lies.header));
  const header = (alg: string, kid?: string) => without({ alg, kid, ...lies.header }) as { alg: string };
  const token =
    'secret' in signedWith
      ? new SignJWT(payload)
          .setProtectedHeader(header('HS256'))
          .sign(createSecretKey(Buffer.from(signedWith.secret)))
      : new SignJWT(payload).setProtectedHeader(header('RS256', signedWith.kid)).sign(signedWith.privateKey);
  return tamper(await token);
}

/** `alg: none`, in any spelling. */
function unsecured(payload: JWTPayload, header: object = {}): string {
  const [, body = ''] = new UnsecuredJWT(payload).encode().split('.');
  return `${Buffer.from(JSON.stringify({ alg: 'none', ...header })).toString('base64url')}.${body}.`;
}

function without(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
