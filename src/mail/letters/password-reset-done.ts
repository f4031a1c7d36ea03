import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** A password was set with a code that was mailed. */
export function passwordResetDone({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'Your MC101 password was reset',
    preview: 'Every session has ended.',
    paragraphs: [
      'A new password was set for your account with a code that was mailed to you. Every session has ended; log in with the new password.',
    ],
    facts: originFacts(origin),
    action: { label: 'Set another password', url: `${url}/app/reset` },
    closing: [
      'If it was not you, somebody else reads your mails: secure your mailbox first, then reset the password once more.',
    ],
  };
}
