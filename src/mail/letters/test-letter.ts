import type { Letter, Sender } from './letter.js';

/** For the operator who wants to know whether mails arrive. */
export function testLetter({ sentAt }: { sentAt: string }, { url }: Sender): Letter {
  return {
    subject: 'MC101 can send mails',
    preview: 'This one was asked for on the command line.',
    paragraphs: ['This mail was asked for with "mail:test". If you can read it, mails arrive.'],
    facts: [
      { label: 'Service', value: url },
      { label: 'Sent', value: sentAt },
    ],
  };
}
