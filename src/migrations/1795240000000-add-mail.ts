import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of the job queue, beside ours. */
const QUEUE_SCHEMA = 'pgboss';
const QUEUE_PLAN = path.join(import.meta.dirname, '1795240000000-job-queue.sql');

const UP = [
  `CREATE TABLE mail_messages (
     id uuid NOT NULL,
     event_key text NOT NULL,
     kind text NOT NULL,
     key_id text,
     sealed bytea,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz,
     finished_at timestamptz,
     outcome text,
     CONSTRAINT mail_messages_pkey PRIMARY KEY (id),
     CONSTRAINT mail_messages_event_key_key UNIQUE (event_key),
     CONSTRAINT mail_messages_sealed_check CHECK ((key_id IS NULL) = (sealed IS NULL)),
     CONSTRAINT mail_messages_outcome_check CHECK (outcome IN ('sent', 'refused', 'expired', 'discarded')),
     -- What is over has no content any more.
     CONSTRAINT mail_messages_finished_check
       CHECK ((outcome IS NULL) = (finished_at IS NULL) AND (outcome IS NULL) = (sealed IS NOT NULL))
   )`,
  `CREATE INDEX mail_messages_open_idx ON mail_messages (created_at) WHERE outcome IS NULL`,
  `CREATE INDEX mail_messages_finished_at_idx ON mail_messages (finished_at) WHERE outcome IS NOT NULL`,
  // A mail server that is down for a night is waited for: the tries are up to two hours apart, for about a day.
  queue('mail-dead', { retentionSeconds: 14 * 86_400 }),
  queue('mail', {
    deadLetter: 'mail-dead',
    retryLimit: 20,
    retryDelay: 15,
    retryBackoff: true,
    retryDelayMax: 7_200,
    // Longer than any one try may take, so that nothing is sent by two.
    expireInSeconds: 120,
    retentionSeconds: 14 * 86_400,
    deleteAfterSeconds: 3_600,
  }),
];

const DOWN = [`DROP TABLE mail_messages`, `DROP SCHEMA ${QUEUE_SCHEMA} CASCADE`];

function queue(name: string, options: Record<string, unknown>): string {
  return `SELECT ${QUEUE_SCHEMA}.create_queue('${name}', '${JSON.stringify({ policy: 'standard', ...options })}')`;
}

export class AddMail1795240000000 implements MigrationInterface {
  readonly name = 'AddMail1795240000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readFile(QUEUE_PLAN, 'utf8'));
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
