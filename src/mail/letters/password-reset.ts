import { inWords, type Letter } from './letter.js';

/** The code that sets a new password. */
export function passwordReset({ code, lifetimeSeconds }: { code: string; lifetimeSeconds: number }): Letter {
  return {
    subject: 'Reset your password',
    preview: 'The code to set a new password.',
    paragraphs: [
      'Somebody wants to set a new password for your account at MC101. If it is you, enter this code:',
    ],
    code,
    closing: [
      `It works once, within ${inWords(lifetimeSeconds)}. Nobody of ours will ever ask you for it.`,
      'If it was not you, ignore this mail: your password stays as it is.',
    ],
  };
}
