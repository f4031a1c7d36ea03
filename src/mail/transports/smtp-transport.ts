import { createTransport } from 'nodemailer';
import { isLoopback } from '../../config/loopback.js';
import {
  MailRefusedError,
  RecipientRefusedError,
  type MailTransport,
  type OutgoingMail,
} from './mail-transport.js';

const DEFAULT_PORTS: Record<string, number> = { 'smtp:': 587, 'smtps:': 465 };

/** Each phase has a limit of its own; `SEND_LIMIT_MS` bounds them all. */
const TIMEOUTS = {
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
  dnsTimeout: 5_000,
};
/** Shorter than the life of a job, so that no other worker sends the same mail meanwhile. */
const SEND_LIMIT_MS = 60_000;
const CONNECTIONS = 2;

/** RFC 5321 section 4.2.1: a permanent negative answer. */
const PERMANENT = 500;

interface SmtpFailure {
  code?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** Hands mails to an SMTP server (RFC 5321, 3207, 4954), over connections that are kept for the next ones. */
export class SmtpTransport implements MailTransport {
  private readonly transporter: ReturnType<typeof connect>;

  /** @param url MAIL_URL @param from as the From header has it @param limitMs how long one mail may take in all */
  constructor(
    url: string,
    private readonly from: string,
    private readonly limitMs = SEND_LIMIT_MS,
  ) {
    this.transporter = connect(new URL(url));
  }

  async send({ id, to, subject, text, html }: OutgoingMail): Promise<void> {
    const domain = /@([^@>]+)>?$/.exec(this.from)?.[1] ?? 'localhost';
    const limit = rejectAfter(this.limitMs);
    try {
      await Promise.race([
        this.transporter.sendMail({
          from: this.from,
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${id}@${domain}>`,
          // RFC 3834: no holiday notices in return.
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        }),
        limit.promise,
      ]);
    } catch (error) {
      throw understand(error);
    } finally {
      limit.clear();
    }
  }

  /** Connects and logs in, and sends nothing. @throws what keeps mails from being sent */
  async verify(): Promise<void> {
    await this.transporter.verify();
  }

  close(): void {
    this.transporter.close();
  }
}

function connect(url: URL) {
  return createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    ...optionsOf(url),
    ...TIMEOUTS,
    // Nothing in a letter may name a file or an address to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function optionsOf({ protocol, hostname, port, username, password, searchParams }: URL) {
  const host = hostname.replaceAll(/^\[|\]$/g, '');
  const isEncrypted = protocol === 'smtps:';
  const isClear = searchParams.get('tls') === 'off';
  return {
    host,
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    secure: isEncrypted,
    requireTLS: !isEncrypted && !isClear && !isLoopback(host),
    ignoreTLS: isClear,
    ...(username !== '' && {
      auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    }),
  };
}

/** Which failures are for good. A login that is refused is not: the operator mends it. */
function understand(error: unknown): unknown {
  const { code, responseCode = 0, response = '', command = '' } = error as SmtpFailure;
  if (responseCode < PERMANENT) return error;
  if (code === 'EENVELOPE' && command.startsWith('RCPT'))
    return isAboutMailbox(responseCode, response) ? new RecipientRefusedError(error) : error;
  if (code === 'EMESSAGE') return new MailRefusedError(error);
  return error;
}

/** RFC 3463: X.1 tells of the address, X.2 of the mailbox; anything else of who sends. Older servers say it by RFC 5321. */
function isAboutMailbox(responseCode: number, response: string): boolean {
  const enhanced = /^\d{3}[ -]5\.(\d{1,3})\.\d/.exec(response);
  return enhanced ? ['1', '2'].includes(enhanced[1] ?? '') : [550, 551, 553].includes(responseCode);
}

function rejectAfter(ms: number): { promise: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`The mail server took longer than ${ms / 1000} s.`));
  }, ms);
  return {
    promise,
    clear: () => {
      clearTimeout(timer);
    },
  };
}
