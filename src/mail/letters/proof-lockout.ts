import { inWords, type Letter, type Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

/** Somebody who is logged in was asked to prove that they are the owner, and failed too often. */
export function proofLockout(
  { origin, seconds }: { origin: NoticeOrigin; seconds: number },
  { url }: Sender,
): Letter {
  return {
    subject: 'Failed proofs in your MC101 account',
    preview: 'Somebody who is logged in was asked who they are, and failed.',
    paragraphs: [
      `Somebody who is logged in to your account has given wrong passwords or codes, as one has to for changes that matter. For ${inWords(seconds)} that session cannot try again.`,
      'The last of the tries:',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}
