import { randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import type { AppConfig } from '../../config/app-config.js';
import { LETTERS } from '../letters/letters.js';
import { renderLetter } from '../letters/render-letter.js';
import { openTransport } from '../transports/open-transport.js';

/** Sends one letter past the queue. @throws what the transport throws */
export async function sendTestLetter(to: string, config: AppConfig, clock: Clock): Promise<void> {
  const transport = openTransport(config.mail, clock);
  const sender = { url: config.publicUrl };
  const letter = LETTERS.test({ sentAt: clock.now().toISOString() }, sender);
  try {
    await transport?.send({ id: randomUUID(), to, ...renderLetter(letter, sender) });
  } finally {
    transport?.close();
  }
}
