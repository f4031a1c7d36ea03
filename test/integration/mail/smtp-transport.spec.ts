import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  MailRefusedError,
  RecipientDeferredError,
  RecipientRefusedError,
} from '../../../src/mail/transports/mail-transport.js';
import { SmtpTransport, type SmtpLimits } from '../../../src/mail/transports/smtp-transport.js';
import { startTestServer } from '../../support/test-server.js';
import { MailServer } from '../../support/mail-server.js';

const MAIL = { id: 'a-mail', to: 'ada@example.org', subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' };

let smtp: MailServer | undefined;
let transport: SmtpTransport | undefined;

afterEach(async () => {
  transport?.close();
  await smtp?.stop();
  transport = undefined;
  smtp = undefined;
});

interface Reach {
  host?: string;
  user?: string;
  options?: string;
  limits?: Partial<SmtpLimits>;
}

/** @param host 0.0.0.0 reaches this machine too, but is not known to be it */
function connect(
  server: MailServer,
  { host = '127.0.0.1', user = '', options = '', limits = {} }: Reach = {},
): SmtpTransport {
  const url = `smtp://${user}${host}:${server.port}${options}`;
  transport = new SmtpTransport(url, 'mc101@example.org', { wholeMs: 5_000, ...limits });
  return transport;
}

describe('a server on another machine', () => {
  it('that offers no TLS gets nothing, not even the password', async () => {
    smtp = await MailServer.start();
    const seen: string[] = [];
    smtp.onRecipient = (address) => {
      seen.push(address);
      return undefined;
    };

    await expect(connect(smtp, { host: '0.0.0.0', user: 'mc101:secret@' }).send(MAIL)).rejects.toMatchObject({
      code: 'ETLS',
    });
    expect(seen).toEqual([]);
  });

  it('gets mails in the clear where the operator says so', async () => {
    smtp = await MailServer.start();

    await connect(smtp, { host: '0.0.0.0', options: '?tls=off' }).send(MAIL);
    expect(smtp.received).toMatchObject([{ to: ['ada@example.org'], isEncrypted: false }]);
  });
});

describe('logging in', () => {
  it('takes user and password as the address has them, percent signs decoded', async () => {
    smtp = await MailServer.start({ authOptional: false, allowInsecureAuth: true });
    smtp.password = 'p@ss/word';

    await connect(smtp, { user: 'mc101:p%40ss%2Fword@' }).send(MAIL);
    expect(smtp.received).toHaveLength(1);
  });

  it('that is refused is told, by verify too', async () => {
    smtp = await MailServer.start({ authOptional: false, allowInsecureAuth: true });
    smtp.password = 'another';

    const refused = { code: 'EAUTH', responseCode: 535 };
    await expect(connect(smtp, { user: 'mc101:wrong@' }).verify()).rejects.toMatchObject(refused);
    await expect(connect(smtp, { user: 'mc101:wrong@' }).send(MAIL)).rejects.toMatchObject(refused);
  });
});

describe('a server that takes its time over a mail', () => {
  it('is waited for as long as RFC 5321 section 4.5.3.2.6 asks, within the life of the job', async () => {
    const server = await startTestServer();
    try {
      const { rows } = await server.sql.query<{ jobSeconds: number; heartbeatSeconds: number }>(
        `SELECT expire_seconds AS "jobSeconds", heartbeat_seconds AS "heartbeatSeconds"
         FROM pgboss.queue WHERE name = 'mail'`,
      );
      const [{ jobSeconds, heartbeatSeconds } = { jobSeconds: 0, heartbeatSeconds: 0 }] = rows;

      transport = new SmtpTransport('smtp://127.0.0.1', 'mc101@example.org');
      const { replyMs, wholeMs } = transport.limits;

      expect(replyMs).toBeGreaterThanOrEqual(10 * 60_000);
      expect(wholeMs).toBeGreaterThan(replyMs);
      expect(jobSeconds * 1000).toBeGreaterThan(wholeMs);
      // A process that died is noticed sooner than that.
      expect(heartbeatSeconds).toBe(120);
    } finally {
      await server.close();
    }
  });

  it('gets it once, though its OK comes later than a connection may take', async () => {
    smtp = await MailServer.start();
    smtp.onData = async () => {
      await delay(500);
      return undefined;
    };

    await connect(smtp, { limits: { connectMs: 200, greetingMs: 200, replyMs: 5_000 } }).send(MAIL);
    expect(smtp.received).toHaveLength(1);
    expect(smtp.deliveries).toBe(1);
  });

  it('is given up when it is silent for longer than a reply may take', async () => {
    smtp = await MailServer.start();
    smtp.onData = () => 'hold';

    await expect(connect(smtp, { limits: { replyMs: 300 } }).send(MAIL)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
  });

  it('is given up when one mail takes longer than all of it may, and its connection is closed', async () => {
    smtp = await MailServer.start();
    smtp.onData = () => 'hold';

    await expect(connect(smtp, { limits: { wholeMs: 300 } }).send(MAIL)).rejects.toThrow('took longer than');
    while (smtp.connections > 0) await delay(20);
    expect(smtp.received).toEqual([]);
  });
});

describe('a server that drops the connection half-way through a mail', () => {
  it('has not taken it: it can be sent again, over another connection', async () => {
    smtp = await MailServer.start();
    const long = { ...MAIL, text: 'Hello\n'.repeat(1_000_000) };
    smtp.dropsData = () => true;
    const failed = await connect(smtp)
      .send(long)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: expect.stringMatching(/^(?:ECONNECTION|ECONNRESET|EPIPE|ESOCKET)$/),
    });
    expect(failed).not.toBeInstanceOf(MailRefusedError);
    expect({ begun: smtp.begun, whole: smtp.deliveries }).toEqual({ begun: 1, whole: 0 });

    smtp.dropsData = () => false;
    await transport!.send(long);
    expect(smtp.received).toHaveLength(1);
    expect(smtp.received[0]!.raw.match(/^Hello/gm)).toHaveLength(1_000_000);
  });
});

describe('a refusal', () => {
  it.each<[number, string, typeof RecipientRefusedError | typeof RecipientDeferredError]>([
    [550, '5.1.1 no such user', RecipientRefusedError],
    [553, 'no such user', RecipientRefusedError],
    [450, '4.1.2 domain not found', RecipientDeferredError],
    [452, '4.2.2 mailbox full', RecipientDeferredError],
    [450, 'mailbox busy', RecipientDeferredError],
  ])('of the recipient with %d %s is told as such', async (responseCode, message, kind) => {
    smtp = await MailServer.start();
    smtp.onRecipient = () => ({ responseCode, message });

    await expect(connect(smtp).send(MAIL)).rejects.toBeInstanceOf(kind);
  });

  it.each([
    [554, '5.7.1 relay denied'],
    [451, '4.3.0 lookups fail'],
    [450, '4.7.1 come back later'],
    [421, '4.3.2 closing'],
  ])('with %d %s in the place of the recipient is about us or the server', async (responseCode, message) => {
    smtp = await MailServer.start();
    smtp.onRecipient = () => ({ responseCode, message });

    const error = await connect(smtp)
      .send(MAIL)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ responseCode });
    expect(error).not.toBeInstanceOf(RecipientDeferredError);
    expect(error).not.toBeInstanceOf(RecipientRefusedError);
    expect(error).not.toBeInstanceOf(MailRefusedError);
  });
});

it('a name of a recipient cannot become a second header or recipient', async () => {
  smtp = await MailServer.start();

  await connect(smtp).send({ ...MAIL, to: 'ada@example.org', subject: 'Hello\r\nBcc: eve@example.org' });
  expect(smtp.received).toMatchObject([{ to: ['ada@example.org'] }]);
  expect(smtp.received[0]?.raw).not.toMatch(/^Bcc:/im);
});
