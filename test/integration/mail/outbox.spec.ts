import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KeysService } from '../../../src/keys/keys.service.js';
import { MailQueue } from '../../../src/mail/delivery/mail-queue.js';
import { MailOutbox } from '../../../src/mail/outbox/mail-outbox.service.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

const sentAt = '2026-01-05T09:30:00.000Z';

function enqueue(to: string, event: string = randomUUID()): Promise<void> {
  return server.app
    .get(DataSource)
    .transaction((manager) =>
      server.app.get(MailOutbox).enqueue({ kind: 'test', to, data: { sentAt }, event }, manager),
    );
}

describe('what a transaction enqueues', () => {
  it('is there with its commit, sealed, with a job of the same id', async () => {
    await enqueue('ada@example.org');

    const [mail] = await server.mailsTo('ada@example.org');
    expect(mail).toMatchObject({ to: 'ada@example.org', subject: 'MC101 can send mails' });
    expect(mail?.text).toContain(`Sent: ${sentAt}`);
    const { rows } = await server.sql.query(`SELECT name, data FROM pgboss.job WHERE id = $1`, [mail?.id]);
    expect(rows).toEqual([{ name: 'mail', data: { messageId: mail?.id } }]);
  });

  it('is gone with its rollback', async () => {
    const before = await server.app.get(MailQueue).look();
    const failed = server.app.get(DataSource).transaction(async (manager) => {
      await server.app
        .get(MailOutbox)
        .enqueue({ kind: 'test', to: 'nobody@example.org', data: { sentAt }, event: 'undone' }, manager);
      throw new Error('undone');
    });

    await expect(failed).rejects.toThrow('undone');
    expect(await server.mailsTo('nobody@example.org')).toEqual([]);
    expect((await server.app.get(MailQueue).look()).waiting).toBe(before.waiting);
  });

  it('is one mail for one event, also when a hundred tell of it at once', async () => {
    await Promise.all(Array.from({ length: 100 }, () => enqueue('grace@example.org', 'the same event')));

    expect(await server.mailsTo('grace@example.org')).toHaveLength(1);
  });

  it('says nothing to who reads the tables', async () => {
    await enqueue('secret-recipient@example.org');

    const { rows } = await server.sql.query<{ row: string }>(
      `SELECT m::text || encode(m.sealed, 'escape') AS row FROM mail_messages m
       UNION ALL SELECT j::text FROM pgboss.job j`,
    );
    const text = rows.map(({ row }) => row).join('\n');
    expect(text).not.toContain('secret-recipient');
    expect(text).not.toContain(sentAt);
  });
});

describe('sealed letters', () => {
  it('move to a new key of the ring with the other rows', async () => {
    await enqueue('rotated@example.org');
    const rotating = await startTestServer({
      database: server.database,
      env: {
        APP_ENCRYPTION_KEY: `k2:${Buffer.alloc(32, 'n').toString('base64')},${server.config.secrets.APP_ENCRYPTION_KEY}`,
      },
    });
    try {
      const totals = await rotating.app.get(KeysService).rotate(() => undefined);

      expect(totals['mails']).toBeGreaterThan(0);
      const { rows } = await server.sql.query(
        `SELECT DISTINCT key_id FROM mail_messages WHERE key_id IS NOT NULL`,
      );
      expect(rows).toEqual([{ key_id: 'k2' }]);
      expect(await rotating.mailsTo('rotated@example.org')).toHaveLength(1);
    } finally {
      await rotating.close();
    }
  });

  it('do not open in the place of another one', async () => {
    const two = await startTestServer();
    try {
      const outbox = two.app.get(MailOutbox);
      await two.app.get(DataSource).transaction(async (manager) => {
        for (const to of ['one@example.org', 'other@example.org'])
          await outbox.enqueue({ kind: 'test', to, data: { sentAt }, event: to }, manager);
      });
      await two.sql.query(
        `UPDATE mail_messages m SET sealed = o.sealed FROM mail_messages o WHERE m.event_key = 'one@example.org'
           AND o.event_key = 'other@example.org'`,
      );
      await expect(two.mailsTo('one@example.org')).rejects.toThrow('does not open');
    } finally {
      await two.close();
    }
  });
});
