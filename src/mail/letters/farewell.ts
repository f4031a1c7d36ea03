import type { Letter } from './letter.js';

/** After an account was deleted. @param lastBackupGoesAt a day, as YYYY-MM-DD */
export function farewell({ lastBackupGoesAt }: { lastBackupGoesAt: string }): Letter {
  return {
    subject: 'Your account was deleted',
    preview: 'What is gone, and what backups still hold.',
    paragraphs: [
      'Your account at MC101 was deleted, with its notes and their keys. Votes that you cast stay counted; nothing says that they were yours.',
      `Backups from before hold your data still, encrypted, for whoever runs the service and has its keys. They are deleted one after the other, the last one around ${lastBackupGoesAt}.`,
    ],
    closing: ['If it was not you, write to whoever runs the service before that day.'],
  };
}
