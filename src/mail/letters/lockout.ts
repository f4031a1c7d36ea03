import { inWords, type Letter, type Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** Somebody failed to log in so often that devices that are not known are refused for a while. */
export function lockout(
  { origin, seconds }: { origin: NoticeOrigin; seconds: number },
  { url }: Sender,
): Letter {
  return {
    subject: 'Failed logins to your MC101 account',
    preview: 'Somebody fails to log in to your account.',
    paragraphs: [
      `Somebody has tried to log in to your account with wrong passwords. For ${inWords(seconds)} nobody can log in to it from a new device.`,
      'Devices on which you have logged in before are let in. The last of the tries:',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [
      'If it was you, wait, or reset your password: that ends the lock at once.',
      'If it was not you, nobody has got in. A password that you use nowhere else and a second factor keep it so. You are told of this once a day at most.',
    ],
  };
}
