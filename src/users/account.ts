import type { User } from './user.entity.js';

/** An account as other modules may see it. */
export interface Account {
  id: number;
  name: string;
  /** As its owner spells it; mails go there. */
  email: string;
  /** The form in which addresses are compared. */
  emailNormalized: string;
  username: string | null;
  isVerified: boolean;
  /** It was mailed a code to verify its address, and nobody ever used one: it may be anybody's. Never an admin's. */
  isUnproven: boolean;
  /** Where it moves once the code that was mailed there is confirmed. */
  pendingEmail: string | null;
}

/** Where mails to an account go. */
export type MailAddress = Pick<Account, 'email' | 'emailNormalized' | 'isVerified'>;

export function toAccount({ id, name, email, emailNormalized, username, ...user }: User): Account {
  return {
    id,
    name,
    email,
    emailNormalized,
    username,
    isVerified: user.emailVerifiedAt !== null,
    isUnproven: user.emailVerifiedAt === null && user.verificationSentAt !== null && user.role !== 'admin',
    pendingEmail: user.pendingEmail,
  };
}
