import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** To the address that is the account's again. */
export function emailReverted({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'Your account is back',
    preview: 'Your address is the account’s again.',
    paragraphs: [
      'This address is that of your account again. Every session has ended, every device is forgotten, and password and passkeys were removed: somebody else may have known the one and added to the others.',
      'Set a new one as if you had forgotten it. Choose one that you use nowhere else. Then add your passkeys anew.',
    ],
    facts: originFacts(origin),
    action: { label: 'Set a new password', url: `${url}/app/reset` },
  };
}
