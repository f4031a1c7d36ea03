import type { AppConfig } from '../../config/app-config.js';
import { reasonOf } from '../../mail/delivery/mail-delivery.service.js';
import { SmtpTransport } from '../../mail/transports/smtp-transport.js';
import { notLookedAt, type Check } from '../check.js';
import { off, ok, orElse, problem, warning, type Finding } from '../finding.js';
import { judgePart } from './readiness.js';

/** Whether mails can go out: the server is asked, and nothing is sent. */
export const mail: Check = {
  name: 'mail',
  look: async ({ config, service, env }) => {
    if ('why' in config) return notLookedAt(config);
    const { mode } = config.there.mail;
    if (mode === 'disabled')
      return [off('Switched off: nobody can recover a password or hears of a new login.')];
    if (mode === 'mailbox') return [ok('Kept on this machine, at /dev/mail: MAIL_URL is not set.')];
    const wrong = await askServer(config.there);
    if (env.MAIL_FROM === undefined)
      wrong.push(
        warning(
          `Mails come from ${config.there.mail.from}.`,
          'Set MAIL_FROM to an address that the server may send for.',
        ),
      );
    if ('there' in service) {
      const queue = judgePart('mail', service.there.readiness.checks.mail);
      if (queue.verdict !== 'ok') wrong.push(queue);
    }
    return orElse(wrong, 'The mail server answers and lets us in.');
  },
};

async function askServer({ mail: { url, from } }: AppConfig): Promise<Finding[]> {
  const transport = new SmtpTransport(url ?? '', from);
  try {
    await transport.verify();
    return [];
  } catch (error) {
    return [
      problem(
        `The mail server does not let us in (${reasonOf(error)}).`,
        'Correct MAIL_URL; "npm run cli -- mail:test ADDRESS" says it in the words of the server.',
      ),
    ];
  } finally {
    transport.close();
  }
}
