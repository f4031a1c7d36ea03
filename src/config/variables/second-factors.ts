import { oneOf, text, whole } from './value-types.js';
import { inSection } from './variable.js';

/** Who must have a second factor, and how it works. */
export const SECOND_FACTORS = inSection('Second factors', {
  REQUIRE_MFA: {
    description:
      'Who must have a second factor: none, admins or all. Whoever has none yet can log in and set one up, nothing else.',
    schema: oneOf('none', 'admins', 'all').default('none'),
    example: 'none',
  },
  MFA_TOTP_ISSUER: {
    description: 'Under which name authenticator apps list the codes of this service.',
    schema: text.regex(/^[^:]{1,64}$/, 'must have 1 to 64 characters, and no colon').default('MC101'),
    example: 'MC101',
  },
  MFA_BACKUP_CODES_COUNT: {
    description: 'Backup codes that somebody gets at once.',
    schema: whole(1, 50, 10),
    example: '10',
  },
  MFA_TOKEN_EXPIRE_MINUTES: {
    description: 'Minutes for which a login waits for its second factor.',
    schema: whole(1, 60, 5),
    example: '5',
  },
});
