import type { Letter, Sender } from './letter.js';
import { inUtc } from './notice.js';

/** For admins: the first run that failed. Why stands in the account of backups alone: it names machines and folders. */
export function backupFailed(
  { at, lastGoodAt }: { at: string; lastGoodAt: string | null },
  { url }: Sender,
): Letter {
  return {
    subject: 'A backup of MC101 failed',
    preview: 'The next one is tried at its time.',
    paragraphs: [
      'A backup of the service failed. What went wrong stands in the list of backups (GET /admin/backups) and in the log.',
    ],
    facts: [
      { label: 'Failed', value: inUtc(at) },
      { label: 'Last good', value: lastGoodAt === null ? 'none' : inUtc(lastGoodAt) },
    ],
    action: { label: 'Open MC101', url },
    closing: [
      'It is tried again at its next time. There is no other mail until a backup succeeds. What to do stands in the runbook (deploy/README.md); "npm run cli -- doctor" looks at the whole installation.',
    ],
  };
}
