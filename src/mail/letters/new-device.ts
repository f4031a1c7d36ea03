import { inWords, type Letter, type Sender } from './letter.js';
import { originFacts, type NoticeOrigin } from './notice.js';

interface NewDevice {
  origin: NoticeOrigin;
  /** What the link carries. */
  token: string;
  lifetimeSeconds: number;
}

/** A login on a device that the account was not used on before. */
export function newDevice({ origin, token, lifetimeSeconds }: NewDevice, { url }: Sender): Letter {
  return {
    subject: 'New login to your MC101 account',
    preview: 'Your account was used on a device that is new to it.',
    paragraphs: [
      'Your account was logged in to on a device that is new to it.',
      'If it was you, there is nothing to do.',
    ],
    facts: originFacts(origin),
    // Behind the #: no server on the way is told it, and whatever opens links by itself changes nothing.
    action: { label: 'This was not me', url: `${url}/app/not-me#token=${token}` },
    closing: [
      `The link shows a page that asks once more. It then ends every session, forgets the device and removes your password, so that you set a new one. It works once, for ${inWords(lifetimeSeconds)}.`,
    ],
  };
}
