import type { OpenidSettings } from '../../../config/social-login-config.js';

/** As Microsoft writes it, depending on the kind of token. */
const YES: readonly unknown[] = [true, 1, '1', 'true'];

/**
 * Whether the provider says that the address is its owner's now. Google has asked for a code once, but answers only for
 * addresses that it hosts: its own, and those of an organisation (`hd`). With Microsoft an administrator of any tenant
 * writes any address into an account; only `xms_edov` says that the domain is that tenant's.
 * @param told the claims that the address stands in
 * @see https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
 * @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
 */
export function isEmailVerified(
  kind: OpenidSettings['kind'],
  email: string,
  told: Readonly<Record<string, unknown>>,
): boolean {
  if (kind === 'microsoft') return YES.includes(told['xms_edov']);
  if (told['email_verified'] !== true) return false;
  return kind !== 'google' || /@gmail\.com$/i.test(email) || isGiven(told['hd']);
}

function isGiven(domain: unknown): boolean {
  return typeof domain === 'string' && domain !== '';
}
