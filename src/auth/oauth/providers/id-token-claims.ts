import type { IDToken } from 'openid-client';
import type { OpenidSettings } from '../../../config/social-login-config.js';
import { ProviderRefusedError } from './provider-errors.js';

/** As openid-client has it for the other times. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** A token that we have just asked for was not issued long ago. */
const MAX_AGE_SECONDS = 600;
/** OpenID Connect Core, 2. */
const MAX_SUBJECT = 255;
const ENTRA = 'https://login.microsoftonline.com/';
/** Of personal accounts. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';
const TENANT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What openid-client leaves to us, once it has checked signature, `iss`, `aud`, `exp` and `nonce`.
 * @throws ProviderRefusedError
 */
export function requireSoundClaims(
  claims: IDToken,
  { kind, clientId, issuer }: OpenidSettings,
  now: Date,
): void {
  const { azp, iat, sub } = claims;
  const seconds = now.getTime() / 1000;
  if (azp !== undefined && azp !== clientId) refuse('azp');
  if (iat > seconds + CLOCK_TOLERANCE_SECONDS || iat < seconds - MAX_AGE_SECONDS) refuse('iat');
  if (sub === '' || sub.length > MAX_SUBJECT || !sub.isWellFormed() || sub.includes('\0')) refuse('sub');
  if (kind === 'microsoft') requireTenant(claims, issuer);
}

/** The issuer has the tenant in it; whether it is one of those who may log in is for us to see. */
function requireTenant({ iss, tid }: IDToken, configured: string): void {
  if (typeof tid !== 'string' || !TENANT.test(tid) || iss !== `${ENTRA}${tid}/v2.0`) refuse('tid');
  const whose = configured.slice(ENTRA.length).split('/')[0];
  if (whose === 'organizations' && tid === CONSUMERS) refuse('tid');
  if (whose === 'consumers' && tid !== CONSUMERS) refuse('tid');
}

function refuse(claim: string): never {
  throw new ProviderRefusedError(`the claim ${claim} of its ID token is not acceptable`);
}
