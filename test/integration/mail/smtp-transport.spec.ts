import { afterEach, describe, expect, it } from '@jest/globals';
import { SmtpTransport } from '../../../src/mail/transports/smtp-transport.js';
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

/** @param host 0.0.0.0 reaches this machine too, but is not known to be it */
function connect(
  server: MailServer,
  { host = '127.0.0.1', user = '', options = '', limitMs = 5_000 } = {},
): SmtpTransport {
  transport = new SmtpTransport(
    `smtp://${user}${host}:${server.port}${options}`,
    'mc101@example.org',
    limitMs,
  );
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

it('a server that never answers is given up', async () => {
  smtp = await MailServer.start();
  smtp.onData = () => 'hold';

  await expect(connect(smtp, { limitMs: 300 }).send(MAIL)).rejects.toThrow('took longer than');
});

it('a name of a recipient cannot become a second header or recipient', async () => {
  smtp = await MailServer.start();

  await connect(smtp).send({ ...MAIL, to: 'ada@example.org', subject: 'Hello\r\nBcc: eve@example.org' });
  expect(smtp.received).toMatchObject([{ to: ['ada@example.org'] }]);
  expect(smtp.received[0]?.raw).not.toMatch(/^Bcc:/im);
});
