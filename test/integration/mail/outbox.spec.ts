import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KeysService } from '../../../src/keys/keys.service.js';
import { MailQueue } from '../../../src/mail/delivery/mail-queue.js';
import { MailOutbox } from '../../../src/mail/outbox/mail-outbox.service.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { enqueueLetter, tamperWith } from './letter-stage.js';

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

  it('that do not open are stepped over once and for all, and their key stays needed', async () => {
    const first = await startTestServer();
    try {
      const whole = await enqueueLetter(first, 'whole@example.org');
      const broken = await enqueueLetter(first, 'broken@example.org');
      await tamperWith(first, broken);
      const rotating = await startTestServer({
        database: first.database,
        env: {
          APP_ENCRYPTION_KEY: `k2:${Buffer.alloc(32, 'n').toString('base64')},${first.config.secrets.APP_ENCRYPTION_KEY}`,
        },
      });
      try {
        expect(await rotating.app.get(KeysService).rotate(() => undefined)).toMatchObject({ mails: 1 });

        const { rows } = await first.sql.query<{ id: string }>(
          `SELECT id FROM mail_messages WHERE key_id = 'k2'`,
        );
        expect(rows).toEqual([{ id: whole }]);
        expect(await rotating.app.get(MailOutbox).keyIdsInUse()).toHaveLength(2);
        expect(rotating.log().match(/mail_unreadable/g)).toHaveLength(1);
        expect(rotating.log()).toContain(broken);
      } finally {
        await rotating.close();
      }
    } finally {
      await first.close();
    }
  });

  it('are found among many that are over without reading those', async () => {
    const crowded = await startTestServer();
    try {
      await enqueueLetter(crowded, 'open@example.org');
      await crowded.sql.query(
        `INSERT INTO mail_messages (id, event_key, kind, finished_at, outcome)
         SELECT gen_random_uuid(), 'over-' || n, 'test', now(), 'sent' FROM generate_series(1, 20000) n`,
      );
      await crowded.sql.query('ANALYZE mail_messages');
      const dataSource = crowded.app.get(DataSource);
      const asked: [string, unknown[]?][] = [];
      const looking = jest.spyOn(dataSource, 'query');
      expect(await crowded.app.get(MailOutbox).keyIdsInUse()).toHaveLength(1);
      asked.push(...(looking.mock.calls as [string][]));
      looking.mockRestore();
      await dataSource.transaction(async (manager) => {
        const resealing = jest.spyOn(manager, 'query');
        await crowded.app.get(MailOutbox).rewrapBatch(crowded.app.get(KeysService).ring, 500, manager);
        asked.push(...(resealing.mock.calls as [string, unknown[]][]));
      });

      expect(asked).toHaveLength(2);
      for (const [statement, values] of asked) {
        const { rows } = await crowded.sql.query<Record<string, string>>(`EXPLAIN ${statement}`, values);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toContain('mail_messages_open_idx');
        expect(plan).not.toContain('Seq Scan');
      }
    } finally {
      await crowded.close();
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
