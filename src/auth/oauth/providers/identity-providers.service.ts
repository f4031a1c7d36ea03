import { Injectable } from '@nestjs/common';
import { Clock } from '../../../common/clock.js';
import { AppConfig } from '../../../config/app-config.js';
import { OAuthProviderNotFoundError } from '../oauth.errors.js';
import type { IdentityProvider } from './identity-provider.js';
import { makeProviders } from './make-providers.js';

/** The providers that are set up, in the order in which they are shown. */
@Injectable()
export class IdentityProviders {
  readonly all: readonly IdentityProvider[];

  constructor(
    private readonly config: AppConfig,
    clock: Clock,
  ) {
    this.all = makeProviders(config.socialLogin, () => clock.now());
  }

  /** @throws OAuthProviderNotFoundError */
  get(name: string): IdentityProvider {
    const provider = this.all.find((candidate) => candidate.name === name);
    if (!provider) throw new OAuthProviderNotFoundError();
    return provider;
  }

  /** Where a provider sends browsers back to: as it stands in the provider's console. */
  callbackUrl({ name }: IdentityProvider): string {
    return `${this.config.publicUrl.replace(/\/$/, '')}/auth/oauth/${name}/callback`;
  }
}
