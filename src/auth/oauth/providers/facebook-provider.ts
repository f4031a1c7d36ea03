import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  Configuration,
  customFetch,
  fetchProtectedResource,
} from 'openid-client';
import { z } from 'zod';
import type { FacebookSettings } from '../../../config/social-login-config.js';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { boundedFetch, PROVIDER_SECONDS } from './bounded-fetch.js';
import type { FlowSecrets, IdentityProvider, Prompt, ProvenIdentity } from './identity-provider.js';
import { ProviderRefusedError, ProviderUnavailableError, toProviderError } from './provider-errors.js';
import { toldAddress, toldName } from './told-person.js';

const ISSUER = 'https://www.facebook.com';
const VERSION = 'v23.0';
const GRAPH = `https://graph.facebook.com/${VERSION}`;

const PROFILE = z.object({
  id: z.string().regex(/^\d{1,64}$/),
  name: z.unknown().optional(),
  email: z.unknown().optional(),
});

/**
 * Facebook, which speaks OAuth 2.0 and tells who somebody is at an endpoint of its own. It does not say whether an
 * address was proven to it, so that none counts as verified.
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */
export class FacebookProvider implements IdentityProvider {
  readonly name: string;
  readonly title: string;
  private readonly configuration: Configuration;

  constructor(private readonly settings: FacebookSettings) {
    this.name = settings.name;
    this.title = settings.title;
    this.configuration = new Configuration(
      {
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/${VERSION}/dialog/oauth`,
        token_endpoint: `${GRAPH}/oauth/access_token`,
      },
      settings.clientId,
      {},
      ClientSecretPost(settings.clientSecret),
    );
    this.configuration[customFetch] = boundedFetch;
    this.configuration.timeout = PROVIDER_SECONDS;
  }

  async authorizationUrl(
    redirectUri: string,
    { state, codeVerifier }: FlowSecrets,
    prompt?: Prompt,
  ): Promise<URL> {
    return buildAuthorizationUrl(this.configuration, {
      redirect_uri: redirectUri,
      scope: 'email,public_profile',
      state,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(prompt === 'login' && { auth_type: 'reauthenticate' }),
    });
  }

  async identify(callbackUrl: URL, { state, codeVerifier }: FlowSecrets): Promise<ProvenIdentity> {
    try {
      const { access_token: token } = await authorizationCodeGrant(this.configuration, callbackUrl, {
        expectedState: state,
        pkceCodeVerifier: codeVerifier,
      });
      const { id, name, email } = await this.profileOf(token);
      return {
        provider: this.name,
        issuer: ISSUER,
        subject: id,
        email: toldAddress(email),
        isEmailVerified: false,
        name: toldName(name),
        authenticatedAt: null,
        isMultiFactor: false,
      };
    } catch (error) {
      throw toProviderError(error);
    }
  }

  /** The proof shows that it is us who have the token (Facebook, Securing Graph API Requests). */
  private async profileOf(token: string): Promise<z.output<typeof PROFILE>> {
    const url = new URL(`${GRAPH}/me`);
    url.searchParams.set('fields', 'id,name,email');
    const proof = hmacSha256(Buffer.from(this.settings.clientSecret), token);
    url.searchParams.set('appsecret_proof', proof.toString('hex'));
    const answer = await fetchProtectedResource(this.configuration, token, url, 'GET');
    if (answer.status >= 500) throw new ProviderUnavailableError(`its profile answered ${answer.status}`);
    if (!answer.ok) throw new ProviderRefusedError(`its profile answered ${answer.status}`);
    const profile = PROFILE.safeParse(await answer.json());
    if (!profile.success) throw new ProviderRefusedError('its profile has no id');
    return profile.data;
  }
}
