import { text } from './value-types.js';
import { inSection } from './variable.js';

/** Its keys. */
export const SECRETS = inSection(
  'Secrets (each: one or more id:base64 keys of 32 bytes, the first writes and all read, or one passphrase)',
  {
    JWT_SECRET_KEY: { description: 'Signs access tokens.', schema: text.optional(), secret: true },
    TOKEN_PEPPER: {
      description: 'Keys the hashes of tokens and codes.',
      schema: text.optional(),
      secret: true,
    },
    APP_ENCRYPTION_KEY: {
      description: 'Wraps the keys of all notes. Keep a copy outside the server: without it no note opens.',
      schema: text.optional(),
      secret: true,
    },
    LOG_SIGNING_KEY: {
      description: 'Signs the seals of the audit log, so that who has the database alone cannot rewrite it.',
      schema: text.optional(),
      secret: true,
    },
  },
);
