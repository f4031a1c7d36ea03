import { inWords, type Letter, type Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

interface Moved {
  origin: NoticeOrigin;
  /** None: the address was never shown to be its owner's, so that nothing leads back to it. */
  token?: string;
  lifetimeSeconds?: number;
}

/** To the address that an account has left, with the way back. The new one is not told: mailboxes are left for reasons. */
export function emailChanged({ origin, token, lifetimeSeconds = 0 }: Moved, { url }: Sender): Letter {
  const letter = {
    subject: 'Your e-mail address was changed',
    preview: 'Your account has another address now.',
    paragraphs: [
      'Your account at MC101 has another e-mail address now. Mails no longer come here.',
      'If you did this, there is nothing to do.',
    ],
    facts: originFacts(origin),
  };
  if (token === undefined)
    return {
      ...letter,
      closing: [
        'If it was not you, tell the admins of the service. This address was never verified, so that this mail cannot bring the account back.',
      ],
    };
  return {
    ...letter,
    paragraphs: [
      ...letter.paragraphs,
      `If it was not you, take the account back within ${inWords(lifetimeSeconds)}:`,
    ],
    action: { label: 'This was not me', url: `${url}/app/email-revert#token=${token}` },
    closing: [
      'It puts this address back, ends every session, removes passkeys, and lets you set a new password.',
    ],
  };
}
