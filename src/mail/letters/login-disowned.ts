import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** The owner said that a login was not theirs, by the link of its letter. */
export function loginDisowned({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'Your MC101 account was secured',
    preview: 'Every session has ended, and your password is removed.',
    paragraphs: [
      'You told us that a login was not yours. Every session has ended, that device and all that came after it are forgotten, and the password that was used does not work any more.',
      'Set a new password with the code that we have mailed beside this, or ask for another one. Choose a password that you use nowhere else. Passkeys that were added since are removed, too.',
    ],
    facts: originFacts(origin),
    action: { label: 'Set a new password', url: `${url}/app/reset` },
    closing: [
      'If logins ask for a code that you never set up, ask an admin of the service to remove that second factor.',
      'If you did not open the link of that mail, somebody else reads your mails: secure your mailbox first.',
    ],
  };
}
