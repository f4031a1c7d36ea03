import type { Letter, Sender } from './letter.js';
import { inUtc } from './notice.js';

/** For admins: a run succeeded after one that failed. */
export function backupRecovered({ at }: { at: string }, { url }: Sender): Letter {
  return {
    subject: 'Backups of MC101 work again',
    preview: 'A backup was made and verified.',
    paragraphs: ['A backup of the service was made and verified, after one or more that failed.'],
    facts: [{ label: 'Verified', value: inUtc(at) }],
    action: { label: 'Open MC101', url },
  };
}
