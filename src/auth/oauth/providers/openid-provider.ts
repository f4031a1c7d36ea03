import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type Configuration,
  type IDToken,
} from 'openid-client';
import type { SecondFactorClaims } from '../../../config/openid-providers.js';
import type { OpenidSettings } from '../../../config/social-login-config.js';
import { boundedFetch, PROVIDER_SECONDS } from './bounded-fetch.js';
import type { FlowSecrets, IdentityProvider, Prompt, ProvenIdentity } from './identity-provider.js';
import { requireSoundClaims } from './id-token-claims.js';
import { isEmailVerified } from './verified-email.js';
import { ProviderRefusedError, toProviderError } from './provider-errors.js';
import { toldAddress, toldName } from './told-person.js';

/** The configuration lets a provider without TLS be on this machine only, and not in production. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- only marked so to stand out
const WITHOUT_TLS = allowInsecureRequests;

/** That no login goes without. */
const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;

/** A provider of OpenID Connect. What it publishes about itself is asked for once in a while, its keys by openid-client. */
export class OpenidProvider implements IdentityProvider {
  readonly name: string;
  readonly title: string;
  private known: { configuration: Promise<Configuration>; until: number } | undefined;

  /**
   * @param metadataSeconds for how long what the provider publishes is kept
   * @param now what time it is
   */
  constructor(
    private readonly settings: OpenidSettings,
    private readonly metadataSeconds: number,
    private readonly now: () => Date,
  ) {
    this.name = settings.name;
    this.title = settings.title;
  }

  async authorizationUrl(
    redirectUri: string,
    { state, nonce, codeVerifier }: FlowSecrets,
    prompt?: Prompt,
  ): Promise<URL> {
    const { scopes, secondFactor } = this.settings;
    try {
      return buildAuthorizationUrl(await this.configuration(), {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        ...(prompt && { prompt }),
        ...(secondFactor.acr.length > 0 && { acr_values: secondFactor.acr.join(' ') }),
      });
    } catch (error) {
      throw toProviderError(error);
    }
  }

  async identify(callbackUrl: URL, secrets: FlowSecrets): Promise<ProvenIdentity> {
    try {
      const configuration = await this.configuration();
      const tokens = await authorizationCodeGrant(configuration, callbackUrl, {
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        pkceCodeVerifier: secrets.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new ProviderRefusedError('it answered no ID token');
      requireSoundClaims(claims, this.settings, this.now());
      const person = await this.describePerson(configuration, claims, tokens.access_token);
      return {
        provider: this.name,
        issuer: claims.iss,
        subject: claims.sub,
        ...person,
        authenticatedAt: typeof claims.auth_time === 'number' ? new Date(claims.auth_time * 1000) : null,
        isMultiFactor: hasShownSecondFactor(claims, this.settings.secondFactor),
      };
    } catch (error) {
      throw toProviderError(error);
    }
  }

  /** By the signed token; by the profile where the token has no address. An address is verified by who tells it. */
  private async describePerson(
    configuration: Configuration,
    claims: IDToken,
    accessToken: string,
  ): Promise<Pick<ProvenIdentity, 'email' | 'isEmailVerified' | 'name'>> {
    const { kind } = this.settings;
    const hasProfile = configuration.serverMetadata().userinfo_endpoint !== undefined;
    const told: Record<string, unknown> =
      claims['email'] === undefined && hasProfile
        ? await fetchUserInfo(configuration, accessToken, claims.sub)
        : claims;
    const email = toldAddress(told['email']);
    return {
      email,
      isEmailVerified: email !== null && isEmailVerified(kind, email, told),
      name: toldName(claims['name'] ?? told['name']),
    };
  }

  /** What was asked for lately, or is being asked for; a failure is forgotten at once. */
  private configuration(): Promise<Configuration> {
    if (this.known && performance.now() < this.known.until) return this.known.configuration;
    const configuration = this.discover();
    const known = { configuration, until: performance.now() + this.metadataSeconds * 1000 };
    this.known = known;
    configuration.catch(() => {
      if (this.known === known) this.known = undefined;
    });
    return configuration;
  }

  private async discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, kind } = this.settings;
    const url = new URL(issuer);
    const configuration = await discovery(
      url,
      clientId,
      // What others sign with is among what they publish, and never a secret that is shared.
      kind === 'openid' ? {} : { id_token_signed_response_alg: 'RS256' },
      ClientSecretPost(clientSecret),
      {
        timeout: PROVIDER_SECONDS,
        [customFetch]: boundedFetch,
        execute: [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [WITHOUT_TLS] : [])],
      },
    );
    const published = configuration.serverMetadata();
    // Some hosts are let off by the library: with them anybody could be named here as the issuer of anybody.
    if (kind !== 'microsoft' && published.issuer !== issuer)
      throw new ProviderRefusedError('its discovery document is that of another issuer');
    for (const name of ENDPOINTS) requireEndpoint(name, published[name], url.protocol);
    return configuration;
  }
}

/** As the configuration believes it. */
function hasShownSecondFactor({ acr, amr }: IDToken, believed: SecondFactorClaims): boolean {
  const methods: unknown[] = Array.isArray(amr) ? amr : [];
  return believed.acr.some((value) => value === acr) || believed.amr.some((value) => methods.includes(value));
}

/** Over TLS, but for a provider that has none itself. @throws ProviderRefusedError */
function requireEndpoint(name: string, endpoint: unknown, ofIssuer: string): void {
  const protocol =
    typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint).protocol : undefined;
  if (protocol !== 'https:' && !(protocol === 'http:' && ofIssuer === 'http:'))
    throw new ProviderRefusedError(`its discovery document has no ${name} that is to be trusted`);
}
