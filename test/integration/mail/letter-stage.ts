import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { MailOutbox } from '../../../src/mail/outbox/mail-outbox.service.js';
import type { TestServer } from '../../support/test-server.js';

const sentAt = '2026-01-05T09:30:00.000Z';

/** @returns the letter's id */
export async function enqueueLetter(
  server: TestServer,
  to: string,
  options: { expiresAt?: Date } = {},
): Promise<string> {
  const event = randomUUID();
  await server.app
    .get(DataSource)
    .transaction((manager) =>
      server.app.get(MailOutbox).enqueue({ kind: 'test', to, data: { sentAt }, event, ...options }, manager),
    );
  const { rows } = await server.sql.query<{ id: string }>(
    'SELECT id FROM mail_messages WHERE event_key = $1',
    [event],
  );
  return rows[0]?.id ?? 'none';
}

/** A letter all of whose tries were in vain. @returns its id */
export async function giveUpLetter(server: TestServer, to: string): Promise<string> {
  const id = await enqueueLetter(server, to);
  await server.sql.query(
    `UPDATE pgboss.job j SET name = q.name, id = gen_random_uuid(), source_name = j.name, source_id = j.id,
       keep_until = now() + q.retention_seconds * interval '1 s'
     FROM pgboss.queue q WHERE q.name = 'mail-dead' AND j.name = 'mail' AND j.id = $1`,
    [id],
  );
  return id;
}

/** Changes a bit of what is sealed. */
export async function tamperWith(server: TestServer, id: string): Promise<void> {
  await server.sql.query(
    'UPDATE mail_messages SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE id = $1',
    [id],
  );
}
