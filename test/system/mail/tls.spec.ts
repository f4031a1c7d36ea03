import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority, type Certificate } from '../../support/certificates.js';
import { MailServer } from '../../support/mail-server.js';
import { Operator } from '../../support/operator.js';

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(new Date().getTime() + days * DAY_MS);

const operator = new Operator();
let dataDir: string;
let authority: Authority;
let certificate: Certificate;
let smtp: MailServer;

beforeAll(async () => {
  dataDir = await operator.newDataDir();
  await operator.start({ dataDir });
  authority = await Authority.make(await operator.folder());
  certificate = await authority.sign('localhost', inDays(-1), inDays(30));
});
afterEach(() => smtp.stop());
afterAll(() => operator.cleanUp());

/** @param trusted whether the operator's machine vouches for who signed the server's certificate */
function tryMail(scheme: string, trusted: boolean) {
  return operator.command(['mail:test', 'ada@example.org'], {
    dataDir,
    env: {
      MAIL_URL: `${scheme}://localhost:${smtp.port}`,
      MAIL_FROM: 'votes@example.org',
      ...(trusted && { NODE_EXTRA_CA_CERTS: authority.file }),
    },
  });
}

describe.each([
  ['smtp', { disabledCommands: [] }],
  ['smtps', { secure: true }],
])('%s', (scheme, options) => {
  it('sends over TLS to a server whose certificate holds', async () => {
    smtp = await MailServer.start({ ...options, ...certificate });

    expect(await tryMail(scheme, true)).toMatchObject({
      code: 0,
      stdout: 'The mail server took the mail for ada@example.org.\n',
    });
    expect(smtp.received).toMatchObject([{ to: ['ada@example.org'], isEncrypted: true }]);
  });

  it('sends nothing to one whose certificate nobody vouches for, and says so', async () => {
    smtp = await MailServer.start({ ...options, ...certificate });

    const { code, stderr } = await tryMail(scheme, false);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The mail was not sent \(ESOCKET.*\): .*certificate/m);
    expect(smtp.deliveries).toBe(0);
  });
});

it('the doctor asks the server, and sends nothing', async () => {
  smtp = await MailServer.start({ disabledCommands: [], ...certificate });
  const env = { MAIL_URL: `smtp://localhost:${smtp.port}` };
  const look = async (more: Record<string, string>) => {
    const { stdout } = await operator.command(['doctor', '--json'], { dataDir, env: { ...env, ...more } });
    const { checks: findings } = JSON.parse(stdout) as {
      checks: { check: string; status: string; found: string }[];
    };
    return findings.filter(({ check }) => check === 'mail');
  };

  expect(await look({})).toMatchObject([
    { status: 'problem', found: expect.stringContaining('ESOCKET') },
    { status: 'warning' },
  ]);
  expect(await look({ NODE_EXTRA_CA_CERTS: authority.file, MAIL_FROM: 'votes@example.org' })).toMatchObject([
    { status: 'ok', found: 'The mail server answers and lets us in.' },
  ]);
  expect(smtp.deliveries).toBe(0);
});
