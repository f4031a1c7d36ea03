import { inWords, type Letter } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

interface ResetCode {
  code: string;
  lifetimeSeconds: number;
  origin: NoticeOrigin;
  /** The owner said that a login was not theirs, which has removed the password. */
  isAfterDisowning?: boolean;
}

/** The code that sets a new password. */
export function passwordReset({ code, lifetimeSeconds, origin, isAfterDisowning }: ResetCode): Letter {
  return {
    subject: 'Reset your password',
    preview: 'The code to set a new password.',
    paragraphs: [
      isAfterDisowning
        ? 'Your password is removed, as you told us that a login to your account at MC101 was not yours. Set a new one with this code:'
        : 'Somebody wants to set a new password for your account at MC101. If it is you, enter this code:',
    ],
    code,
    facts: originFacts(origin),
    closing: [
      `It works once, within ${inWords(lifetimeSeconds)}. Nobody of ours will ever ask you for it.`,
      isAfterDisowning
        ? 'If it was not you who told us, somebody else reads your mails: secure your mailbox first.'
        : 'If it was not you, ignore this mail: without the code nothing changes.',
    ],
  };
}
