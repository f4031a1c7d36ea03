/** What a limit counts by. Addresses are put together as networks, see client-networks.ts. */
type LimitSubject = 'address' | 'user' | 'email';

interface LimitRule {
  by: LimitSubject;
  windowSeconds: number;
  /** As the `RateLimit` header calls it. */
  policy: string;
  /** No answer speaks of it, but for the one that it refuses. */
  isQuiet?: boolean;
  /** No answer speaks of it, not even one that it makes different: it would tell what others do. */
  isSecret?: boolean;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Every limit there is, but for those of failed logins (auth/lockouts). How many are let in within a window is configured: `AppConfig.limits`. */
export const RATE_LIMITS = {
  /** Requests of any kind whose caller is not known yet. */
  'api-address': { by: 'address', windowSeconds: MINUTE, policy: 'api' },
  /** Requests of any kind with an access token of ours. */
  'api-user': { by: 'user', windowSeconds: MINUTE, policy: 'api' },
  'signup-address': { by: 'address', windowSeconds: HOUR, policy: 'signup' },
  /** Passwords to be set, whose strength costs up to a second to estimate. */
  'estimates-address': { by: 'address', windowSeconds: HOUR, policy: 'estimates', isQuiet: true },
  'estimates-user': { by: 'user', windowSeconds: HOUR, policy: 'estimates', isQuiet: true },
  /** Refusals (403) of callers whom nobody knows that stand in the audit log; the others are only counted. */
  'refusals-address': { by: 'address', windowSeconds: HOUR, policy: 'refusals', isQuiet: true },
  /** New usernames: each try tells whether a name is taken. */
  'rename-user': { by: 'user', windowSeconds: HOUR, policy: 'rename' },
  'refresh-user': { by: 'user', windowSeconds: HOUR, policy: 'refresh' },
  /** Resets of forgotten passwords, for whatever address. */
  'reset-address': { by: 'address', windowSeconds: HOUR, policy: 'reset' },
  /** Codes of resets mailed to one address. Past it the answer stays the same, and one follows where none is live. */
  'reset-email': { by: 'email', windowSeconds: HOUR, policy: 'reset', isSecret: true },
  /** Codes to verify an address or to change it. */
  'codes-user': { by: 'user', windowSeconds: HOUR, policy: 'codes' },
  /** The same, to one address, whoever asks. */
  'codes-email': { by: 'email', windowSeconds: HOUR, policy: 'codes', isQuiet: true },
} as const satisfies Record<string, LimitRule>;

export type LimitName = keyof typeof RATE_LIMITS;

/** What is given for the subject: an address as the connection or a trusted proxy says it, an id, a normalised e-mail. */
interface Subjects {
  address: string | null;
  user: number;
  email: string;
}

export type SubjectOf<Name extends LimitName> = Subjects[(typeof RATE_LIMITS)[Name]['by']];
