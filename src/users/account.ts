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
  isAdmin: boolean;
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
    isAdmin: user.role === 'admin',
    pendingEmail: user.pendingEmail,
  };
}
