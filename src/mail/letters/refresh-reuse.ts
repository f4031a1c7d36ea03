import type { Letter, Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** A token came a second time: two have it. */
export function refreshReuse({ origin }: { origin: NoticeOrigin }, { url }: Sender): Letter {
  return {
    subject: 'A session of your MC101 account was ended',
    preview: 'Somebody may have copied it.',
    paragraphs: [
      'A key of one of your sessions was used twice, so somebody may have copied it. We have ended that session; log in again on the device where it was yours.',
      'The second use:',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [
      'A copied key means that a device or browser of yours may not be yours alone: look for software that you do not know. Then look through your sessions and reset your password.',
    ],
  };
}
