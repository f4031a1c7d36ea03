import { inWords, type Letter } from './letter.js';

/** To the address that an account is to move to. */
export function changeEmail({ code, lifetimeSeconds }: { code: string; lifetimeSeconds: number }): Letter {
  return {
    subject: 'Confirm your new e-mail address',
    preview: 'The code to confirm your new address.',
    paragraphs: [
      'An account at MC101 is to have this address from now on. If it is yours, enter this code there:',
    ],
    code,
    closing: [
      `It works once, within ${inWords(lifetimeSeconds)}. Nobody of ours will ever ask you for it.`,
      'If you know nothing of it, ignore this mail: without the code nothing happens.',
    ],
  };
}
