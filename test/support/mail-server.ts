import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** What the server answers instead of OK. */
interface Refusal {
  responseCode: number;
  message: string;
}

/** When a mail comes: how it is answered. Undefined: OK. `hang-up`: the connection ends. `hold`: no answer, ever. */
export type Answer = Refusal | 'hang-up' | 'hold' | undefined;

export interface ReceivedMail {
  to: string[];
  from: string;
  /** Header and body, as they came. */
  raw: string;
  isEncrypted: boolean;
}

/** A real SMTP server on a port of its own, which does as a test says. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** How many mails came as far as their data, accepted or not. */
  deliveries = 0;
  /** How many recipients were asked for, accepted or not. */
  recipients = 0;
  /** What is answered to RCPT TO. */
  onRecipient: (address: string) => Answer = () => undefined;
  /** How many mails began to come. */
  begun = 0;
  /** Whether the connection ends when the first part of the data has come. */
  dropsData: () => boolean = () => false;
  /** What is answered to the data. */
  onData: () => Answer | Promise<Answer> = () => undefined;
  password: string | undefined;

  private constructor(private server: SMTPServer) {}

  /** @param options of smtp-server; by default there is no TLS and no login */
  static async start(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
    const made = { current: undefined as MailServer | undefined };
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      hideSize: true,
      closeTimeout: 100,
      ...options,
      onAuth: ({ password }, _session, done) => {
        const expected = made.current?.password;
        if (expected !== undefined && password !== expected)
          done(refusal({ responseCode: 535, message: '5.7.8 no' }));
        else done(null, { user: 'mc101' });
      },
      onRcptTo: ({ address }, _session, done) => {
        if (made.current) made.current.recipients += 1;
        const answer = made.current?.onRecipient(address);
        done(typeof answer === 'object' ? refusal(answer) : null);
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        let isDropped = false;
        if (made.current) made.current.begun += 1;
        stream.on('data', (chunk: Buffer) => {
          if (chunks.length === 0 && made.current?.dropsData()) {
            isDropped = true;
            made.current.hangUp();
          }
          chunks.push(chunk);
        });
        stream.on('end', () => {
          if (!isDropped) void made.current?.take(session, Buffer.concat(chunks).toString(), done);
        });
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const self = new MailServer(server);
    made.current = self;
    return self;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  /** For MAIL_URL. */
  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** How many are open. */
  get connections(): number {
    return this.server.connections.size;
  }

  private async take(
    { envelope: { mailFrom, rcptTo }, secure }: SMTPServerSession,
    raw: string,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    this.deliveries += 1;
    const answer = await this.onData();
    if (answer === 'hold') return;
    if (answer === 'hang-up') {
      this.hangUp();
      return;
    }
    if (answer !== undefined) {
      done(refusal(answer));
      return;
    }
    this.received.push({
      to: rcptTo.map(({ address }) => address),
      from: mailFrom === false ? '' : mailFrom.address,
      raw,
      isEncrypted: secure,
    });
    done(null);
  }

  hangUp(): void {
    for (const connection of this.server.connections) (connection as unknown as { close(): void }).close();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }
}

function refusal({ responseCode, message }: Refusal): Error {
  return Object.assign(new Error(message), { responseCode });
}
