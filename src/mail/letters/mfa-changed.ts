import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

/** `reset`: by an admin, with every passkey. */
export type MfaChange = 'enabled' | 'disabled' | 'reset' | 'backup_codes_replaced' | 'backup_code_used';

interface Told {
  subject: string;
  happened: string;
  hint?: string;
  /** What to do if it was not them. */
  closing?: string;
}

const WHAT: Record<MfaChange, Told> = {
  enabled: {
    subject: 'Your MC101 account has a second factor',
    happened: 'Logins to your account ask for a code of your authenticator app from now on.',
    hint: 'Keep the backup codes where you find them without your phone.',
    // A reset does not take it away, or whoever reads the mails could.
    closing: `${SET_ANOTHER_PASSWORD} It does not remove the second factor: if that is not yours, ask an admin of the service to remove it.`,
  },
  disabled: {
    subject: 'Your MC101 account has no second factor any more',
    happened: 'The second factor of your account was switched off: its password alone is asked for now.',
  },
  reset: {
    subject: 'An admin has removed your second factors',
    happened:
      'An admin of the service has removed the second factors and passkeys of your account, as somebody asked them to. Every session has ended. Log in with your password and set up another one; if you have no password, set one as if you had forgotten it.',
    closing: 'If you did not ask for it, tell the admins of the service at once, and reset your password.',
  },
  backup_codes_replaced: {
    subject: 'Your MC101 backup codes were replaced',
    happened: 'New backup codes were made for your account. The former ones do not work any more.',
  },
  backup_code_used: {
    subject: 'A backup code of your MC101 account was used',
    happened: 'A login to your account was completed with one of its backup codes. That code is used up.',
  },
};

/** Second factors: what became of them, or that one meant for emergencies was used. */
export function mfaChanged(
  { origin, change }: { origin: NoticeOrigin; change: MfaChange },
  { url }: Sender,
): Letter {
  const { subject, happened, hint, closing = SET_ANOTHER_PASSWORD } = WHAT[change];
  return {
    subject,
    preview: 'The second factor of your account.',
    paragraphs: [happened, ...(hint === undefined ? [] : [hint])],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [closing],
  };
}
