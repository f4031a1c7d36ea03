import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** By whoever operates the service. @param factorsRemoved second factors and passkeys, too */
export function passwordReplaced(
  { origin, factorsRemoved }: { origin: NoticeOrigin; factorsRemoved: boolean },
  { url }: Sender,
): Letter {
  return {
    subject: 'The operator has set a new password for your MC101 account',
    preview: 'The former one does not log in any more.',
    paragraphs: [
      'Whoever operates the service has set a new password for your account. The former one does not log in any more, and every session has ended. They give you the new one; change it as soon as you are in.',
      ...(factorsRemoved
        ? ['The second factors and passkeys of your account were removed. Set up new ones once you are in.']
        : []),
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: ['If you know nothing of it, ask them.'],
  };
}
