import { Secret, TOTP } from 'otpauth';

/** Of 160 bits, as RFC 4226 section 4 asks for. */
export const TOTP_SECRET_BYTES = 20;

/** What every authenticator app can do (RFC 6238 with its default hash, in steps of 30 seconds). */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** How many steps a clock may be wrong by, either way. */
const WINDOW_STEPS = 1;

/** Whose codes an app shows, and under which name. */
export interface TotpLabel {
  issuer: string;
  account: string;
}

/** What an authenticator app is told, by typing it or as a picture. */
export function describeTotp(
  secret: Buffer,
  { issuer, account }: TotpLabel,
): { base32: string; url: string } {
  const totp = new TOTP({ ...PARAMETERS, issuer, label: account, secret: secretOf(secret) });
  return { base32: totp.secret.base32, url: totp.toString() };
}

/**
 * The time step (RFC 6238: 30 seconds since 1970) whose code this is, if it is that of now, the one before or the one
 * after. Compares in constant time. That a step counts once is for the caller to see to.
 * @param code six digits; anything else belongs to no step
 */
export function matchTotp(secret: Buffer, code: string, at: Date): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const timestamp = at.getTime();
  const delta = TOTP.validate({
    ...PARAMETERS,
    token: code,
    secret: secretOf(secret),
    timestamp,
    window: WINDOW_STEPS,
  });
  return delta === null ? undefined : TOTP.counter({ period: PARAMETERS.period, timestamp }) + delta;
}

function secretOf(secret: Buffer): Secret {
  return new Secret({ buffer: Uint8Array.from(secret).buffer });
}
