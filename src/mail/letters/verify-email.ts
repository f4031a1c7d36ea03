import { inWords, type Letter } from './letter.js';

/** The code that proves an address, after registration or when it is asked for again. */
export function verifyEmail({ code, lifetimeSeconds }: { code: string; lifetimeSeconds: number }): Letter {
  return {
    subject: 'Verify your e-mail address',
    preview: 'The code to verify your address.',
    paragraphs: ['Somebody has registered at MC101 with this address. If it was you, enter this code there:'],
    code,
    closing: [
      `It works once, within ${inWords(lifetimeSeconds)}. Nobody of ours will ever ask you for it.`,
      'If it was not you, you need not do anything. If you want an account with this address yourself, reset the password: the account is yours then, and whoever registered it is out. If it stays unverified and unused, it can be registered anew after 24 hours, too.',
    ],
  };
}
