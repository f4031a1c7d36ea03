import type { SocialLoginConfig } from '../../../config/social-login-config.js';
import { FacebookProvider } from './facebook-provider.js';
import type { IdentityProvider } from './identity-provider.js';
import { OpenidProvider } from './openid-provider.js';

/** An adapter for each provider that is set up, in the order in which they are shown. Nobody is asked anything yet. */
export function makeProviders(
  { providers, metadataSeconds }: Pick<SocialLoginConfig, 'providers' | 'metadataSeconds'>,
  now: () => Date,
): IdentityProvider[] {
  return providers.map((settings) =>
    settings.kind === 'facebook'
      ? new FacebookProvider(settings)
      : new OpenidProvider(settings, metadataSeconds, now),
  );
}
