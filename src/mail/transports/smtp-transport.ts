import { createTransport } from 'nodemailer';
import { isLoopback } from '../../config/loopback.js';
import {
  MailRefusedError,
  RecipientDeferredError,
  RecipientRefusedError,
  type MailTransport,
  type OutgoingMail,
} from './mail-transport.js';

const DEFAULT_PORTS: Record<string, number> = { 'smtp:': 587, 'smtps:': 465 };

/** How long things may take, in milliseconds. */
export interface SmtpLimits {
  /** From the look for the server's address to its greeting. */
  readonly connectMs: number;
  readonly greetingMs: number;
  /**
   * Each answer of the server. A server that takes longer over its OK has taken the mail and is given it again: RFC 5321
   * section 4.5.3.2.6 asks for ten minutes.
   */
  readonly replyMs: number;
  /** One mail in all: less than the life of a job, so that no other worker sends the same mail meanwhile. */
  readonly wholeMs: number;
}

const LIMITS: SmtpLimits = {
  connectMs: 10_000,
  greetingMs: 10_000,
  replyMs: 10 * 60_000,
  wholeMs: 15 * 60_000,
};
/** Where nothing is sent, nothing is sent twice. */
const VERIFY_REPLY_LIMIT_MS = 20_000;
/** A connection that was silent for longer may have been cut on the way without a word. */
const IDLE_LIMIT_MS = 60_000;
const DNS_LIMIT_MS = 5_000;
const CONNECTIONS = 2;

/** RFC 5321 section 4.2.1: negative answers, transient and permanent. */
const TRANSIENT = 400;
const PERMANENT = 500;
/** RFC 5321 section 4.2.2: the codes that tell of the mailbox. */
const MAILBOX_CODES = [450, 550, 551, 553];

interface SmtpFailure {
  code?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** Hands mails to an SMTP server (RFC 5321, 3207, 4954), over connections that are kept for the next ones. */
export class SmtpTransport implements MailTransport {
  private readonly transporter: ReturnType<typeof connect>;
  /** All that it keeps to. */
  readonly limits: SmtpLimits;

  /** @param url MAIL_URL @param from as the From header has it @param limits what differs from the usual ones */
  constructor(
    private readonly url: string,
    private readonly from: string,
    limits: Partial<SmtpLimits> = {},
  ) {
    this.limits = { ...LIMITS, ...limits };
    this.transporter = connect(new URL(url), this.limits);
  }

  async send({ id, to, subject, text, html }: OutgoingMail): Promise<void> {
    const domain = /@([^@>]+)>?$/.exec(this.from)?.[1] ?? 'localhost';
    const { wholeMs } = this.limits;
    const cut = new AbortController();
    const timer = setTimeout(() => {
      cut.abort(new Error(`The mail server took longer than ${wholeMs / 1000} s.`));
    }, wholeMs);
    try {
      await this.transporter.sendMail({
        from: this.from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        // RFC 3834: no holiday notices in return.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        // Closes the connection: what the server says after that nobody would hear.
        signal: cut.signal,
      });
    } catch (error) {
      throw cut.signal.aborted ? cut.signal.reason : understand(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Connects and logs in, and sends nothing. @throws what keeps mails from being sent */
  async verify(): Promise<void> {
    const { replyMs } = this.limits;
    const asking = connect(new URL(this.url), {
      ...this.limits,
      replyMs: Math.min(replyMs, VERIFY_REPLY_LIMIT_MS),
    });
    try {
      await asking.verify();
    } finally {
      asking.close();
    }
  }

  close(): void {
    this.transporter.close();
  }
}

function connect(url: URL, { connectMs, greetingMs, replyMs }: SmtpLimits) {
  return createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    ...optionsOf(url),
    connectionTimeout: connectMs,
    greetingTimeout: greetingMs,
    socketTimeout: replyMs,
    dnsTimeout: DNS_LIMIT_MS,
    idleTimeout: IDLE_LIMIT_MS,
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

/** Which failures are for good, and which the recipient's. A login that is refused is neither: the operator mends it. */
function understand(error: unknown): unknown {
  const { code, responseCode = 0, response = '', command = '' } = error as SmtpFailure;
  if (responseCode < TRANSIENT) return error;
  if (code === 'EENVELOPE' && command.startsWith('RCPT') && isAboutMailbox(responseCode, response))
    return responseCode < PERMANENT ? new RecipientDeferredError(error) : new RecipientRefusedError(error);
  if (code === 'EMESSAGE' && responseCode >= PERMANENT) return new MailRefusedError(error);
  return error;
}

/**
 * RFC 3463: X.1 tells of the address, X.2 of the mailbox; anything else of who sends, or of the server. Older servers
 * say it by RFC 5321.
 */
function isAboutMailbox(responseCode: number, response: string): boolean {
  const enhanced = /^\d{3}[ -][45]\.(\d{1,3})\.\d/.exec(response);
  return enhanced ? ['1', '2'].includes(enhanced[1] ?? '') : MAILBOX_CODES.includes(responseCode);
}
