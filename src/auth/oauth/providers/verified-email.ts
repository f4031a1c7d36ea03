import type { IDToken } from 'openid-client';
import type { OpenidSettings } from '../../../config/social-login-config.js';

/** As Microsoft writes it, depending on the kind of token. */
const YES: readonly unknown[] = [true, 1, '1', 'true'];

/**
 * Whether the provider says that the address was proven to it. With Microsoft an administrator of any tenant writes any
 * address into an account; only `xms_edov` says that the domain is that tenant's.
 * @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
 */
export function isEmailVerified(kind: OpenidSettings['kind'], claims: IDToken): boolean {
  return kind === 'microsoft' ? YES.includes(claims['xms_edov']) : claims['email_verified'] === true;
}
