import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

/** By somebody who knew the former one. */
export function passwordChanged({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'Your MC101 password was changed',
    preview: 'Every other session has ended.',
    paragraphs: [
      'The password of your account was changed by somebody who knew the former one. Every other session has ended.',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}
