import { Injectable, Logger } from '@nestjs/common';
import type { Principal } from '../../../common/http/principal.js';
import { AppConfig } from '../../../config/app-config.js';
import { requireRecentAuthentication } from '../../../users/require-recent-authentication.js';
import { OAUTH_COOKIE, type BrowserCookies } from '../../web/browser-cookies.js';
import { RedirectUriNotAllowedError } from '../oauth.errors.js';
import { IdentityProviders } from '../providers/identity-providers.service.js';
import type { FlowSecrets, IdentityProvider } from '../providers/identity-provider.js';
import { isProviderError } from '../providers/provider-errors.js';
import { FlowSecretsService } from './flow-secrets.service.js';
import { errorReturn } from './flow-returns.js';
import { OAuthFlowsRepository } from './oauth-flows.repository.js';
import type { LinkRequest, LinkResponse, OAuthProviderList, StartQuery } from './oauth-flows.dto.js';

/** Sends browsers to providers. */
@Injectable()
export class BeginFlowService {
  private readonly logger = new Logger('auth');

  constructor(
    private readonly providers: IdentityProviders,
    private readonly secrets: FlowSecretsService,
    private readonly flows: OAuthFlowsRepository,
    private readonly config: AppConfig,
  ) {}

  list(): OAuthProviderList {
    return { items: this.providers.all.map(({ name, title }) => ({ name, title })) };
  }

  /**
   * Begins a flow of this browser.
   * @returns where the browser goes: to the provider or, where that does not answer, back with an error
   * @throws OAuthProviderNotFoundError
   * @throws RedirectUriNotAllowedError
   */
  async begin(name: string, query: StartQuery, cookies: BrowserCookies): Promise<string> {
    const provider = this.providers.get(name);
    this.requireAllowed(query.redirect_uri);
    const { secrets, browserToken, hashes } = this.secrets.draw(cookies.read(OAUTH_COOKIE));
    const lifetimeSeconds = this.config.socialLogin.stateSeconds;
    const authorizationUrl = await this.ask(provider, secrets, query);
    if (authorizationUrl.isOfProvider) {
      await this.flows.add({
        ...hashes,
        provider: provider.name,
        purpose: query.purpose ?? 'login',
        redirectUri: query.redirect_uri,
        codeChallenge: query.code_challenge,
        lifetimeSeconds,
      });
      cookies.write(OAUTH_COOKIE, browserToken, lifetimeSeconds);
    }
    return authorizationUrl.url;
  }

  /**
   * Where somebody who is logged in begins to link a provider. A browser has to go there: it is the one that comes back.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws OAuthProviderNotFoundError
   * @throws RedirectUriNotAllowedError
   */
  linkUrl(principal: Principal, name: string, request: LinkRequest): LinkResponse {
    requireRecentAuthentication(principal);
    const provider = this.providers.get(name);
    this.requireAllowed(request.redirect_uri);
    const url = new URL(this.providers.callbackUrl(provider).replace(/callback$/, 'start'));
    url.search = new URLSearchParams({
      purpose: 'link',
      redirect_uri: request.redirect_uri,
      code_challenge: request.code_challenge,
    }).toString();
    return { authorization_url: url.href };
  }

  private async ask(
    provider: IdentityProvider,
    secrets: FlowSecrets,
    { redirect_uri: redirectUri, prompt }: StartQuery,
  ): Promise<{ url: string; isOfProvider: boolean }> {
    try {
      const url = await provider.authorizationUrl(this.providers.callbackUrl(provider), secrets, prompt);
      return { url: url.href, isOfProvider: true };
    } catch (error) {
      if (!isProviderError(error)) throw error;
      this.logger.warn(
        { event_type: 'oauth_provider_failed', provider: provider.name, reason: error.message },
        'a social login could not begin',
      );
      return { url: errorReturn(redirectUri, provider.title, error), isOfProvider: false };
    }
  }

  /** To the letter: whatever else reads like it may be somebody else's (RFC 9700, 4.1.3). */
  private requireAllowed(redirectUri: string): void {
    if (!this.config.socialLogin.redirectUris.includes(redirectUri)) throw new RedirectUriNotAllowedError();
  }
}
