import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** A password was set with a code that was mailed. @param factorsRemoved of whoever had registered the account */
export function passwordResetDone(
  { origin, factorsRemoved }: { origin: NoticeOrigin; factorsRemoved?: boolean },
  { url }: Sender,
): Letter {
  return {
    subject: 'Your MC101 password was reset',
    preview: 'Every session has ended.',
    paragraphs: [
      'A new password was set for your account with a code that was mailed to you. Every session has ended; log in with the new password.',
      ...(factorsRemoved
        ? [
            'Nobody had shown before that this address is theirs. The second factors and passkeys of your account were removed, as somebody else may have set them up.',
          ]
        : []),
    ],
    facts: originFacts(origin),
    action: { label: 'Set another password', url: `${url}/app/reset` },
    closing: [
      'If it was not you, somebody else reads your mails: secure your mailbox first, then reset the password once more.',
    ],
  };
}
