import type { IdentityProvider } from '../../auth/oauth/providers/identity-provider.js';
import { makeProviders } from '../../auth/oauth/providers/make-providers.js';
import { notLookedAt, type Check } from '../check.js';
import { off, orElse, problem, type Finding } from '../finding.js';

/** Nobody comes back with these: the provider is only asked where it would send a browser. */
const NOBODYS_SECRETS = { state: 'doctor', nonce: 'doctor', codeVerifier: 'doctor' };

/** Whether each provider that is set up publishes what a login begins with, as it did when the operator set it up. */
export const socialLogin: Check = {
  name: 'social login',
  look: async ({ config, clock }) => {
    if ('why' in config) return notLookedAt(config);
    const { socialLogin: settings, publicUrl } = config.there;
    const providers = makeProviders(settings, () => clock.now());
    if (providers.length === 0) return [off('No provider is set up.')];
    const wrong = await Promise.all(providers.map((provider) => ask(provider, publicUrl)));
    const titles = providers.map(({ title }) => title).join(', ');
    return orElse(wrong.flat(), `What a login begins with is known of ${titles}.`);
  },
};

async function ask(provider: IdentityProvider, publicUrl: string): Promise<Finding[]> {
  try {
    await provider.authorizationUrl(publicUrl, NOBODYS_SECRETS);
    return [];
  } catch (error) {
    return [
      problem(
        `Nobody can log in with ${provider.title}: ${(error as Error).message}.`,
        `See that this machine reaches ${provider.title}, and that its issuer is right.`,
      ),
    ];
  }
}
