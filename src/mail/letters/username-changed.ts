import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

/** Logins by the former username fail. Neither stands here: people choose them. */
export function usernameChanged({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'Your MC101 username was changed',
    preview: 'The former one does not log in any more.',
    paragraphs: [
      'The username of your account was changed or removed. Log in with the new one, or with your e-mail address.',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}
