import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

interface AboutIdentity {
  origin: NoticeOrigin;
}

/** From now on somebody's login at a provider opens the account. */
export function identityLinked({ origin }: AboutIdentity, { url }: Sender): Letter {
  return {
    subject: 'A social login was linked with your MC101 account',
    preview: 'It opens your account from now on.',
    paragraphs: [
      'A login at another provider was linked with your account. It opens your account from now on.',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [`${SET_ANOTHER_PASSWORD} Then unlink the login.`],
  };
}

/** It opens the account no more. */
export function identityUnlinked({ origin }: AboutIdentity, { url }: Sender): Letter {
  return {
    subject: 'A social login was unlinked from your MC101 account',
    preview: 'It does not open your account any more.',
    paragraphs: ['A login at another provider was unlinked. It does not open your account any more.'],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}
