import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { Clock } from '../common/clock.js';
import { isEmailAddress } from '../common/email-address-syntax.js';
import { AppConfig } from '../config/app-config.js';
import { StartupError } from '../database/embedded/startup-error.js';
import { DeadLetters } from '../mail/delivery/dead-letters.service.js';
import { reasonOf } from '../mail/delivery/mail-delivery.service.js';
import { sendTestLetter } from '../mail/delivery/send-test-letter.js';
import { answer, type RunWithService } from './with-service.js';

export function addMailCommands(program: Command, run: RunWithService): void {
  const add = (
    name: string,
    description: string,
    work: (service: INestApplicationContext, given: string) => Promise<string>,
  ) =>
    program
      .command(name)
      .description(description)
      .action((given: unknown) =>
        run(async (service) => {
          answer(await work(service, typeof given === 'string' ? given : ''));
        }),
      );
  add('mail:test <address>', 'send a mail at once and say what the mail server answers', trySending);
  add('mail:dead', 'list the mails that could not be sent', listDead);
  add(
    'mail:retry',
    'try the mails that could not be sent once more',
    async (service) => `Queued again: ${await service.get(DeadLetters).retry()}`,
  );
  add(
    'mail:discard',
    'give up the mails that could not be sent; see mail:dead first',
    async (service) => `Discarded: ${await service.get(DeadLetters).discard()}`,
  );
}

async function trySending(service: INestApplicationContext, address: string): Promise<string> {
  const config = service.get(AppConfig);
  if (!isEmailAddress(address)) throw new StartupError(`${address} is no e-mail address.`);
  if (config.mail.mode === 'disabled')
    throw new StartupError('Mails are switched off: set MAIL_URL to the SMTP server.');
  try {
    await sendTestLetter(address, config, service.get(Clock));
  } catch (error) {
    throw new StartupError(`The mail was not sent (${reasonOf(error)}): ${messageOf(error)}`);
  }
  return config.mail.mode === 'smtp'
    ? `The mail server took the mail for ${address}.`
    : `Put into ${config.mail.mailboxDir}; see /dev/mail. Set MAIL_URL to send mails.`;
}

async function listDead(service: INestApplicationContext): Promise<string> {
  const letters = await service.get(DeadLetters).list();
  const lines = letters.map(
    ({ createdAt, kind, to }) => `${createdAt.toISOString()}  ${kind.padEnd(24)} ${to}`,
  );
  return lines.length === 0 ? 'There are none.' : lines.join('\n');
}

function messageOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause ?? error;
  return cause instanceof Error ? cause.message : String(cause);
}
