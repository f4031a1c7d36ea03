import { isRedirectUri } from '../redirect-uri.js';
import { list, text, whole } from './value-types.js';
import { inSection } from './variable.js';

/** A tenant's id, or one of Microsoft's names for many at once. */
const TENANT = /^(?:common|organizations|consumers|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

const clientId = (provider: string) => ({
  description: `What ${provider} calls this service. Set with the secret, people can log in with ${provider}.`,
  schema: text.optional(),
});

const clientSecret = (provider: string) => ({
  description: `The secret that ${provider} gave to this service.`,
  schema: text.optional(),
  secret: true,
});

/** With whom people may log in besides, and where they come back to. */
export const SOCIAL_LOGIN = inSection('Social login', {
  OAUTH_ALLOWED_REDIRECT_URIS: {
    description:
      'Where a browser may be sent after a social login, comma-separated; compared to the letter. Needed with any provider.',
    schema: list.refine(
      (uris) => uris.every(isRedirectUri),
      'must list URIs with https, with http on this machine, or with a scheme of an app such as com.example.app, and no fragment',
    ),
  },
  OAUTH_GOOGLE_CLIENT_ID: clientId('Google'),
  OAUTH_GOOGLE_CLIENT_SECRET: clientSecret('Google'),
  OAUTH_FACEBOOK_CLIENT_ID: clientId('Facebook'),
  OAUTH_FACEBOOK_CLIENT_SECRET: clientSecret('Facebook'),
  OAUTH_MICROSOFT_CLIENT_ID: clientId('Microsoft'),
  OAUTH_MICROSOFT_CLIENT_SECRET: clientSecret('Microsoft'),
  OAUTH_MICROSOFT_TENANT: {
    description: "Whose accounts of Microsoft: common, organizations, consumers, or one tenant's id.",
    schema: text
      .regex(TENANT, 'must be common, organizations, consumers or the id of a tenant')
      .default('common'),
    example: 'common',
  },
  OAUTH_STATE_TTL: {
    description: 'Seconds in which somebody has to log in at a provider.',
    schema: whole(60, 3600, 600),
    example: '600',
  },
  OAUTH_LINK_TTL: {
    description:
      'Seconds in which somebody whose address has an account has to log in to it, to link the provider with it.',
    schema: whole(60, 3600, 600),
    example: '600',
  },
  JWKS_CACHE_TTL_SECONDS: {
    description:
      'Seconds for which what a provider publishes about itself is kept. Its keys are asked for again after 300 at the latest.',
    schema: whole(60, 86_400, 3600),
    example: '3600',
  },
});
