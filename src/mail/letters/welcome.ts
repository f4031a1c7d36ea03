import type { Letter, Sender } from './letter.js';

/** After the address was verified. */
export function welcome(_data: Record<string, never>, { url }: Sender): Letter {
  return {
    subject: 'Welcome to MC101',
    preview: 'Your address is verified.',
    paragraphs: [
      'Your e-mail address is verified, and your account is ready.',
      'Two things make it hard to take from you: a second factor (an authenticator app or a passkey), and a password that you use nowhere else.',
    ],
    action: { label: 'Open MC101', url },
  };
}
