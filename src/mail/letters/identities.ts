import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

interface AboutIdentity {
  origin: NoticeOrigin;
  /** As the operator titles it. */
  provider: string;
}

/** From now on somebody's login at a provider opens the account. */
export function identityLinked({ origin, provider }: AboutIdentity, { url }: Sender): Letter {
  return {
    subject: 'A social login was linked with your MC101 account',
    preview: `A login with ${provider} opens your account from now on.`,
    paragraphs: [`A login with ${provider} was linked with your account. It opens your account from now on.`],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [`${SET_ANOTHER_PASSWORD} Then unlink the login.`],
  };
}

/** It opens the account no more. */
export function identityUnlinked({ origin, provider }: AboutIdentity, { url }: Sender): Letter {
  return {
    subject: 'A social login was unlinked from your MC101 account',
    preview: `A login with ${provider} does not open your account any more.`,
    paragraphs: [`A login with ${provider} was unlinked. It does not open your account any more.`],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}
