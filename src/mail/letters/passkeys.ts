import type { Letter, Sender } from './letter.js';
import { originFacts, SET_ANOTHER_PASSWORD, type NoticeOrigin } from './notice.js';

/** Passkeys have names that whoever registers them chooses: none stands in a letter. */
interface AboutPasskey {
  origin: NoticeOrigin;
}

/** From now on it logs in to the account. */
export function passkeyRegistered({ origin }: AboutPasskey, { url }: Sender): Letter {
  return {
    subject: 'A passkey was added to your MC101 account',
    preview: 'It logs in to your account from now on.',
    paragraphs: ['A passkey was added to your account. It logs in from now on, without the password.'],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [`${SET_ANOTHER_PASSWORD} Then remove the passkey, which ends the sessions that it began.`],
  };
}

/** It logs in no more. */
export function passkeyRemoved({ origin }: AboutPasskey, { url }: Sender): Letter {
  return {
    subject: 'A passkey was removed from your MC101 account',
    preview: 'It does not log in any more.',
    paragraphs: ['A passkey was removed from your account. It does not log in any more.'],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: [SET_ANOTHER_PASSWORD],
  };
}

/** Its counter went back, as only that of a copy does. */
export function passkeyCloneSuspected({ origin }: AboutPasskey, { url }: Sender): Letter {
  return {
    subject: 'A passkey of your MC101 account may have been copied',
    preview: 'A login with it was refused.',
    paragraphs: [
      'A passkey of your account was used in a way in which only a copy of it is. We have refused that login.',
    ],
    facts: originFacts(origin),
    action: { label: 'Open MC101', url },
    closing: ['Log in, remove that passkey and register another one on a device that only you use.'],
  };
}
