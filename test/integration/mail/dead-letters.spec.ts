import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DeadLetters } from '../../../src/mail/delivery/dead-letters.service.js';
import { MailQueue } from '../../../src/mail/delivery/mail-queue.js';
import { MailSweep } from '../../../src/mail/outbox/mail-sweep.service.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { enqueueLetter, giveUpLetter, tamperWith } from './letter-stage.js';

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const letters = () => server.app.get(DeadLetters);
const dead = async () => (await server.app.get(MailQueue).look()).dead;

const outcomeOf = async (id: string) =>
  (
    await server.sql.query<{ outcome: string | null }>('SELECT outcome FROM mail_messages WHERE id = $1', [
      id,
    ])
  ).rows[0]?.outcome;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20);
}

describe('the list', () => {
  it('shows a letter that does not open beside those that do', async () => {
    const broken = await giveUpLetter(server, 'ada@example.org');
    const whole = await giveUpLetter(server, 'grace@example.org');
    await tamperWith(server, broken);

    expect(await letters().list()).toMatchObject([
      { id: broken, kind: 'test', to: '(unreadable)' },
      { id: whole, kind: 'test', to: 'grace@example.org' },
    ]);
  });

  it('names every one that /ready counts, also one that has ended since', async () => {
    const id = await giveUpLetter(server, 'late@example.org');
    await server.sql.query('UPDATE mail_messages SET expires_at = now() WHERE id = $1', [id]);
    await server.app.get(MailSweep).sweep();

    expect(await dead()).toBe(1);
    expect(await letters().list()).toMatchObject([{ id, kind: 'test', to: '(erased: expired)' }]);
  });
});

describe('discarding', () => {
  it('takes what was dead when it began, not what died meanwhile', async () => {
    const listed = await giveUpLetter(server, 'listed@example.org');
    const later = await enqueueLetter(server, 'later@example.org');
    const holder = await server.sql.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM mail_messages WHERE id = $1 FOR UPDATE', [listed]);
      const discarding = letters().discard();
      await until(async () => {
        const { rows } = await server.sql.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length === 1;
      });
      await holder.query(
        `INSERT INTO pgboss.job (name, data, source_name) VALUES ('mail-dead', json_build_object('messageId', $1::text), 'mail')`,
        [later],
      );
      await holder.query('COMMIT');

      expect(await discarding).toBe(1);
    } finally {
      holder.release();
    }
    expect(await outcomeOf(listed)).toBe('discarded');
    expect(await outcomeOf(later)).toBeNull();
    expect(await letters().list()).toMatchObject([{ id: later, to: 'later@example.org' }]);
  });

  it('takes one that does not open, too', async () => {
    const id = await giveUpLetter(server, 'ada@example.org');
    await tamperWith(server, id);

    expect(await letters().discard()).toBe(1);
    expect(await outcomeOf(id)).toBe('discarded');
    expect(await dead()).toBe(0);
  });
});

describe('a dead letter that nobody decides about', () => {
  it('is not the queue’s to delete', async () => {
    await giveUpLetter(server, 'ada@example.org');
    await enqueueLetter(server, 'waiting@example.org');
    const { rows } = await server.sql.query<{ years: number }>(
      `SELECT min(extract(epoch FROM keep_until - now()) / 31536000)::float8 AS years FROM pgboss.job`,
    );

    expect(rows[0]?.years).toBeGreaterThan(9);
  });

  it('is discarded after 30 days, and the log says how many were', async () => {
    const old = await giveUpLetter(server, 'old@example.org');
    const waiting = await enqueueLetter(server, 'waiting@example.org');
    const young = await giveUpLetter(server, 'young@example.org');
    await server.sql.query(
      `UPDATE mail_messages SET created_at = now() - interval '31 days' WHERE id = ANY ($1)`,
      [[old, waiting]],
    );
    await server.app.get(MailSweep).sweep();

    expect(await outcomeOf(old)).toBe('discarded');
    expect(await outcomeOf(waiting)).toBe('discarded');
    expect(await letters().list()).toMatchObject([{ id: young }]);
    expect(await server.app.get(MailQueue).look()).toMatchObject({ dead: 1, waiting: 0 });
    expect(server.log()).toMatch(
      /"event_type":"mails_given_up".*"count":2|"count":2.*"event_type":"mails_given_up"/,
    );
  });

  it('whose row has been forgotten is forgotten, too', async () => {
    const id = await giveUpLetter(server, 'ada@example.org');
    await server.sql.query(
      `UPDATE mail_messages SET outcome = 'expired', sealed = NULL, key_id = NULL,
         finished_at = now() - interval '31 days', created_at = now() - interval '31 days' WHERE id = $1`,
      [id],
    );
    await server.app.get(MailSweep).sweep();

    expect(await dead()).toBe(0);
  });

  it('is not spoken of by a sweep that finds nothing', async () => {
    await giveUpLetter(server, 'young@example.org');
    await server.app.get(MailSweep).sweep();

    expect(await dead()).toBe(1);
    expect(server.log()).not.toContain('mails_given_up');
  });
});
