import type { Env } from './env.schema.js';
import type { SecondFactorClaims } from './openid-providers.js';

interface ProviderBase {
  /** As it stands in paths. */
  name: string;
  /** As people read it. */
  title: string;
  clientId: string;
  clientSecret: string;
}

export interface OpenidSettings extends ProviderBase {
  kind: 'google' | 'microsoft' | 'openid';
  /** Of Microsoft for many tenants: where the discovery document lies, whose issuer has a place for the tenant. */
  issuer: string;
  scopes: readonly string[];
  secondFactor: SecondFactorClaims;
}

export interface FacebookSettings extends ProviderBase {
  kind: 'facebook';
}

type ProviderSettings = OpenidSettings | FacebookSettings;

export interface SocialLoginConfig {
  providers: readonly ProviderSettings[];
  /** Where browsers may return to; compared to the letter. */
  redirectUris: readonly string[];
  /** How long somebody has to log in at the provider. */
  stateSeconds: number;
  /** How long somebody has to log in to the account that is to be linked. */
  linkSeconds: number;
  /** How long what a provider publishes about itself is kept. */
  metadataSeconds: number;
}

const SCOPES = ['openid', 'email', 'profile'];
const NO_SECOND_FACTOR: SecondFactorClaims = { acr: [], amr: [] };

/** Who people may log in with, in the order in which they are shown. */
export function socialLoginConfig(env: Env): SocialLoginConfig {
  const google: OpenidSettings[] = withCredentials(env, 'GOOGLE').map((credentials) => ({
    ...credentials,
    kind: 'google',
    name: 'google',
    title: 'Google',
    issuer: 'https://accounts.google.com',
    scopes: SCOPES,
    secondFactor: NO_SECOND_FACTOR,
  }));
  const facebook: FacebookSettings[] = withCredentials(env, 'FACEBOOK').map((credentials) => ({
    ...credentials,
    kind: 'facebook',
    name: 'facebook',
    title: 'Facebook',
  }));
  const microsoft: OpenidSettings[] = withCredentials(env, 'MICROSOFT').map((credentials) => ({
    ...credentials,
    kind: 'microsoft',
    name: 'microsoft',
    title: 'Microsoft',
    issuer: `https://login.microsoftonline.com/${env.OAUTH_MICROSOFT_TENANT}/v2.0`,
    scopes: SCOPES,
    // Its ID tokens (v2.0) do not say what was shown.
    secondFactor: NO_SECOND_FACTOR,
  }));
  const others = env.openidProviders.map((provider) => ({ ...provider, kind: 'openid' as const }));
  return {
    providers: [...google, ...facebook, ...microsoft, ...others],
    redirectUris: env.OAUTH_ALLOWED_REDIRECT_URIS,
    stateSeconds: env.OAUTH_STATE_TTL,
    linkSeconds: env.OAUTH_LINK_TTL,
    metadataSeconds: env.JWKS_CACHE_TTL_SECONDS,
  };
}

/** None where the provider is not set up. */
function withCredentials(
  env: Env,
  name: 'GOOGLE' | 'FACEBOOK' | 'MICROSOFT',
): { clientId: string; clientSecret: string }[] {
  const clientId = env[`OAUTH_${name}_CLIENT_ID`];
  const clientSecret = env[`OAUTH_${name}_CLIENT_SECRET`];
  return clientId === undefined || clientSecret === undefined ? [] : [{ clientId, clientSecret }];
}
