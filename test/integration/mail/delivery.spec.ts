import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import { DeadLetters } from '../../../src/mail/delivery/dead-letters.service.js';
import { MailQueue } from '../../../src/mail/delivery/mail-queue.js';
import { MailWorker } from '../../../src/mail/delivery/mail-worker.service.js';
import { MailSweep } from '../../../src/mail/outbox/mail-sweep.service.js';
import { MailServer } from '../../support/mail-server.js';
import { until } from '../../support/until.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { enqueueLetter, tamperWith } from './letter-stage.js';

let smtp: MailServer;
let server: TestServer;

beforeEach(async () => {
  smtp = await MailServer.start();
  server = await startTestServer({ env: { MAIL_URL: smtp.url, MAIL_FROM: 'Votes <votes@example.org>' } });
  // The tries of a day within a test.
  await server.sql.query(
    `UPDATE pgboss.queue SET retry_delay = 0, retry_backoff = false, retry_delay_max = NULL`,
  );
});

afterEach(async () => {
  await server.close();
  await smtp.stop();
});

const enqueue = (to: string, options: { expiresAt?: Date } = {}) => enqueueLetter(server, to, options);

const work = () => server.app.get(MailWorker).begin();

const outcomes = async () =>
  (
    await server.sql.query<{ outcome: string | null }>(
      'SELECT outcome FROM mail_messages ORDER BY created_at',
    )
  ).rows.map(({ outcome }) => outcome);

const isIdle = async () => {
  const { waiting, active } = await server.app.get(MailQueue).look();
  return waiting + active === 0;
};

describe('a mail', () => {
  it('goes to the server once, with both forms and our headers, and its content is erased', async () => {
    await enqueue('ada@example.org');
    await work();
    await until(isIdle);

    expect(smtp.received).toHaveLength(1);
    const [mail] = smtp.received;
    expect(mail).toMatchObject({ to: ['ada@example.org'], from: 'votes@example.org' });
    expect(mail?.raw).toMatch(/^From: Votes <votes@example\.org>\r$/m);
    expect(mail?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail?.raw).toMatch(/^Message-ID: <[0-9a-f-]{36}@example\.org>\r$/m);
    expect(mail?.raw).toContain('text/plain');
    expect(mail?.raw).toContain('text/html');
    const { rows } = await server.sql.query('SELECT sealed, key_id, outcome FROM mail_messages');
    expect(rows).toEqual([{ sealed: null, key_id: null, outcome: 'sent' }]);
    expect(await server.app.get(Metrics).expose()).toContain('mc101_mail_tries_total{outcome="sent"} 1');
  });

  it('is sent by one of two processes that both work', async () => {
    const other = await startTestServer({ database: server.database, env: { MAIL_URL: smtp.url } });
    try {
      for (let n = 0; n < 20; n += 1) await enqueue(`voter-${n}@example.org`);
      await Promise.all([work(), other.app.get(MailWorker).begin()]);
      await until(isIdle);

      const recipients = smtp.received.flatMap(({ to }) => to);
      expect(recipients.sort()).toEqual([...new Set(recipients)].sort());
      expect(recipients).toHaveLength(20);
    } finally {
      await other.close();
    }
  });

  it.each<[string, 'hang-up' | { responseCode: number; message: string }]>([
    ['hangs up after the data', 'hang-up'],
    ['is busy', { responseCode: 451, message: '4.3.0 try later' }],
  ])('is not lost when the server %s, and arrives once', async (_how, answer) => {
    smtp.onData = () => (smtp.deliveries < 3 ? answer : undefined);
    await enqueue('grace@example.org');
    await work();
    await until(isIdle);

    expect(smtp.deliveries).toBe(3);
    expect(smtp.received).toHaveLength(1);
    expect(await outcomes()).toEqual(['sent']);
  });

  it('is not lost when the server hangs up within the data, and arrives once', async () => {
    smtp.dropsData = () => smtp.begun < 3;
    await enqueue('grace@example.org');
    await work();
    await until(isIdle);

    expect({ begun: smtp.begun, whole: smtp.deliveries }).toEqual({ begun: 3, whole: 1 });
    expect(smtp.received).toHaveLength(1);
    expect(await outcomes()).toEqual(['sent']);
  });

  it('waits for a server that is not there', async () => {
    const { port } = smtp;
    await smtp.stop();
    await enqueue('grace@example.org');
    await work();
    await until(() => server.log().includes('"event_type":"mail_failed"'));
    smtp = await MailServer.start({}, port);
    await until(isIdle);

    expect(smtp.received).toHaveLength(1);
    expect(server.log()).toContain('"reason":"ESOCKET CONN"');
    expect(server.log()).not.toContain('grace@example.org');
  });

  it('to an address that does not exist is over, and nobody is alarmed', async () => {
    smtp.onRecipient = () => ({ responseCode: 550, message: '5.1.1 no such user' });
    await enqueue('nobody@example.org');
    await work();
    await until(isIdle);

    expect(await outcomes()).toEqual(['refused']);
    expect((await server.api.get('/ready')).body.checks.mail).toMatchObject({ status: 'ok' });
  });

  it('to an address that is put off until the last try is over, and nobody is alarmed meanwhile', async () => {
    smtp.onRecipient = () => ({ responseCode: 450, message: '4.1.2 domain not found' });
    await server.sql.query(`UPDATE pgboss.queue SET retry_limit = 1, retry_delay = 3600 WHERE name = 'mail'`);
    await enqueue('nobody@example.org');
    await work();
    await until(() => server.log().includes('"event_type":"mail_failed"'));
    await until(async () => (await server.app.get(MailQueue).look()).active === 0);
    await server.sql.query(`UPDATE pgboss.job SET created_on = now() - interval '1 day' WHERE name = 'mail'`);

    expect(await server.app.get(MailQueue).look()).toMatchObject({ waiting: 1, oldestSeconds: 0 });
    expect((await server.api.get('/ready')).body.checks.mail).toMatchObject({ status: 'ok' });

    await server.sql.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'mail'`);
    await until(isIdle);
    expect(await outcomes()).toEqual(['refused']);
    expect((await server.app.get(MailQueue).look()).dead).toBe(0);
    const metrics = await server.app.get(Metrics).expose();
    expect(metrics).toContain('mc101_mail_tries_total{outcome="deferred"} 1');
    expect(metrics).toContain('mc101_mail_tries_total{outcome="refused"} 1');
  });

  it('that waits for the server itself is told of, also when the address was put off before', async () => {
    smtp.onRecipient = () =>
      smtp.recipients === 1
        ? { responseCode: 450, message: '4.1.2 domain not found' }
        : { responseCode: 451, message: '4.3.0 lookups fail' };
    await server.sql.query(`UPDATE pgboss.queue SET retry_delay = 3600 WHERE name = 'mail'`);
    await enqueue('ada@example.org');
    await work();
    await until(() => server.log().includes('"event_type":"mail_failed"'));
    await until(async () => (await server.app.get(MailQueue).look()).active === 0);
    await server.sql.query(
      `UPDATE pgboss.job SET start_after = now(), created_on = now() - interval '1 day' WHERE name = 'mail'`,
    );
    await until(() => smtp.recipients === 2);
    await until(async () => (await server.app.get(MailQueue).look()).oldestSeconds > 86_000);

    expect((await server.api.get('/ready')).body.checks.mail).toMatchObject({ status: 'degraded' });
  });

  it('is tried again when it is us whom the server refuses', async () => {
    let asked = 0;
    smtp.onRecipient = () =>
      (asked += 1) < 3 ? { responseCode: 554, message: '5.7.1 relay denied' } : undefined;
    await enqueue('ada@example.org');
    await work();
    await until(isIdle);

    expect(smtp.received).toHaveLength(1);
  });

  it('whose code has ended is not sent any more', async () => {
    await enqueue('late@example.org', { expiresAt: new Date(Date.parse('2026-01-01T00:00:00Z')) });
    await work();
    await until(isIdle);

    expect(smtp.received).toEqual([]);
    expect(await outcomes()).toEqual(['expired']);
  });
});

it('a mail that does not open is a dead letter at once, and the next one goes', async () => {
  const broken = await enqueueLetter(server, 'broken@example.org');
  await tamperWith(server, broken);
  await enqueue('ada@example.org');
  await work();
  await until(async () => (await server.app.get(MailQueue).look()).dead === 1);
  await until(isIdle);

  expect(smtp.received).toMatchObject([{ to: ['ada@example.org'] }]);
  expect(server.log().match(/"event_type":"mail_failed"/g)).toHaveLength(1);
  expect(server.log()).toContain('"reason":"SEAL_BROKEN"');
});

describe('a mail that cannot be sent', () => {
  beforeEach(async () => {
    smtp.onData = () => ({ responseCode: 554, message: '5.7.1 spam' });
    await enqueue('ada@example.org');
    await work();
    await until(async () => (await server.app.get(MailQueue).look()).dead === 1);
  });

  it('is a dead letter, which readiness and metrics show', async () => {
    expect((await server.api.get('/ready')).body).toMatchObject({
      status: 'degraded',
      checks: { mail: { status: 'degraded', detail: expect.stringContaining('1 mail could not be sent') } },
    });
    expect(await server.app.get(Metrics).expose()).toContain('mc101_mail_queue{state="dead"} 1');
    expect(await server.app.get(DeadLetters).list()).toMatchObject([{ kind: 'test', to: 'ada@example.org' }]);
  });

  it('goes when it is tried once more and the server has come round', async () => {
    smtp.onData = () => undefined;
    expect(await server.app.get(DeadLetters).retry()).toBe(1);
    await until(isIdle);

    expect(smtp.received).toHaveLength(1);
    expect((await server.app.get(MailQueue).look()).dead).toBe(0);
  });

  it('is erased when it is discarded', async () => {
    expect(await server.app.get(DeadLetters).discard()).toBe(1);

    expect(await outcomes()).toEqual(['discarded']);
    expect((await server.app.get(MailQueue).look()).dead).toBe(0);
  });
});

it('after the last try in vain it is a dead letter', async () => {
  await server.sql.query(`UPDATE pgboss.queue SET retry_limit = 2 WHERE name = 'mail'`);
  smtp.onData = () => ({ responseCode: 451, message: '4.3.0 try later' });
  await enqueue('ada@example.org');
  await work();
  await until(async () => (await server.app.get(MailQueue).look()).dead === 1);

  expect(smtp.deliveries).toBe(3);
});

it('a sweep erases what nothing will send any more, and forgets what was over long ago', async () => {
  await enqueue('late@example.org', { expiresAt: new Date(Date.parse('2026-01-01T00:00:00Z')) });
  await enqueue('waiting@example.org');
  await server.sql.query(
    `INSERT INTO mail_messages (id, event_key, kind, created_at, finished_at, outcome)
     VALUES (gen_random_uuid(), 'old', 'test', now() - interval '40 days', now() - interval '31 days', 'sent')`,
  );
  await server.app.get(MailSweep).sweep();

  expect(await outcomes()).toEqual(['expired', null]);
});
