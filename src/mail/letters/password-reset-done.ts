import type { Letter, Sender } from './letter.js';

/** After a new password was set with a code. */
export function passwordResetDone(_data: Record<string, never>, { url }: Sender): Letter {
  return {
    subject: 'Your password was set anew',
    preview: 'With a code that was mailed here.',
    paragraphs: [
      'A new password was set for your account at MC101, with a code that was mailed to this address. Every session has ended.',
    ],
    closing: [
      'If it was not you, somebody reads your mails. Secure your mailbox first, then set a new password again.',
    ],
    action: { label: 'Set a new password', url: `${url}/app/reset` },
  };
}
