import { inWords, type Letter, type Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

/** What was right, as far as a login had come. */
export type FirstFactorKind = 'password' | 'social';

interface GuessedCodes {
  origin: NoticeOrigin;
  seconds: number;
  firstFactor: FirstFactorKind;
}

const KNOWN: Record<FirstFactorKind, { preview: string; how: string; advice: string }> = {
  password: {
    preview: 'Somebody knows your password.',
    how: 'Somebody knows your password and has tried to guess the code of your second factor.',
    advice:
      'If it was not you, set another password at once: it is known to somebody else. Choose one that you use nowhere else.',
  },
  social: {
    preview: 'Somebody logs in at a provider as you.',
    how: 'Somebody has logged in as you at a provider that is linked with your account, and has tried to guess the code of your second factor.',
    advice:
      'If it was not you, somebody else gets into your account at that provider: secure it there, and unlink it here.',
  },
};

/** Somebody got past the first factor and guesses codes: the second one is all that keeps them out. */
export function secondFactorLockout({ origin, seconds, firstFactor }: GuessedCodes, { url }: Sender): Letter {
  const { preview, how, advice } = KNOWN[firstFactor];
  return {
    subject: 'Somebody nearly got into your MC101 account',
    preview,
    paragraphs: [
      `${how} They have not got in. For ${inWords(seconds)} no more codes are taken where they were tried.`,
      'The last of the tries:',
    ],
    facts: originFacts(origin),
    action:
      firstFactor === 'password'
        ? { label: 'Set another password', url: `${url}/app/reset` }
        : { label: 'Open MC101', url },
    closing: ['If it was you, wait, and look whether the clock of your phone is right.', advice],
  };
}
