import { inWords, type Letter, type Sender } from './letter.js';

/** To the address that an account has left, with the way back. The new one is not told: mailboxes are left for reasons. */
export function emailChanged(
  { token, lifetimeSeconds }: { token: string; lifetimeSeconds: number },
  { url }: Sender,
): Letter {
  return {
    subject: 'Your e-mail address was changed',
    preview: 'Your account has another address now.',
    paragraphs: [
      'Your account at MC101 has another e-mail address now. Mails no longer come here.',
      'If you did this, there is nothing to do.',
      `If it was not you, take the account back within ${inWords(lifetimeSeconds)}:`,
    ],
    action: { label: 'This was not me', url: `${url}/app/email-revert#token=${token}` },
    closing: ['It puts this address back, ends every session, and lets you set a new password.'],
  };
}
