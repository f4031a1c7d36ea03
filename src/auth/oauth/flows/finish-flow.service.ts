import { Injectable, Logger } from '@nestjs/common';
import { AuditService } from '../../../audit/audit.service.js';
import { OAUTH_COOKIE, type BrowserCookies } from '../../web/browser-cookies.js';
import { OAuthCodesService } from '../codes/oauth-codes.service.js';
import { OAuthStateInvalidError } from '../oauth.errors.js';
import type { FlowSecrets, IdentityProvider, ProvenIdentity } from '../providers/identity-provider.js';
import { IdentityProviders } from '../providers/identity-providers.service.js';
import { isProviderError, LoginDeniedError, ProviderRefusedError } from '../providers/provider-errors.js';
import { FlowSecretsService } from './flow-secrets.service.js';
import { codeReturn, errorReturn } from './flow-returns.js';
import { OAuthFlowsRepository, type TakenFlow } from './oauth-flows.repository.js';

/** Takes browsers back from providers. */
@Injectable()
export class FinishFlowService {
  private readonly logger = new Logger('auth');

  constructor(
    private readonly providers: IdentityProviders,
    private readonly secrets: FlowSecretsService,
    private readonly flows: OAuthFlowsRepository,
    private readonly codes: OAuthCodesService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Ends a flow, whatever the provider says. Nobody is logged in by it, and no account is made: the browser takes a code
   * on to the client that began.
   * @param query what the provider has added, as it came
   * @returns where the browser goes
   * @throws OAuthProviderNotFoundError
   * @throws OAuthStateInvalidError
   */
  async finish(name: string, query: string, cookies: BrowserCookies): Promise<string> {
    const provider = this.providers.get(name);
    const [state, ...others] = new URLSearchParams(query).getAll('state');
    const flow = others.length === 0 ? await this.take(provider, state, cookies) : undefined;
    if (!flow) throw new OAuthStateInvalidError();
    try {
      const url = new URL(this.providers.callbackUrl(provider));
      url.search = query;
      const identity = await provider.identify(url, flow.secrets);
      return codeReturn(flow.redirectUri, await this.issueCode(identity, flow));
    } catch (error) {
      if (!isProviderError(error)) throw error;
      await this.report(provider, error);
      return errorReturn(flow.redirectUri, provider.title, error);
    }
  }

  private async take(
    provider: IdentityProvider,
    state: string | undefined,
    cookies: BrowserCookies,
  ): Promise<(TakenFlow & { secrets: FlowSecrets }) | undefined> {
    const browserToken = cookies.read(OAUTH_COOKIE);
    if (state === undefined || browserToken === undefined) return undefined;
    const hashes = this.secrets.hashesOf(state, browserToken);
    const flow = hashes.length > 0 ? await this.flows.take(provider.name, hashes) : undefined;
    return flow && { ...flow, secrets: this.secrets.secretsOf(state, flow.stateHash) };
  }

  private issueCode(identity: ProvenIdentity, { purpose, codeChallenge }: TakenFlow): Promise<string> {
    return this.codes.issue({ identity, purpose, codeChallenge });
  }

  private async report(provider: IdentityProvider, error: Error): Promise<void> {
    if (error instanceof LoginDeniedError) return;
    this.logger.warn(
      { event_type: 'oauth_provider_failed', provider: provider.name, reason: error.message },
      'a social login could not end',
    );
    // Not when it is down: that is nobody's attack.
    if (error instanceof ProviderRefusedError)
      await this.audit.record('authn_login_fail', {
        details: { method: 'social', provider: provider.name, reason: 'provider_refused' },
      });
  }
}
