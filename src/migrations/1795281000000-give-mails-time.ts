import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In seconds, as good as forever: letters that nobody sends any more are ours to give up, with a word in the log. */
const TEN_YEARS = 315_360_000;
const TWO_WEEKS = 1_209_600;

const UP = [
  // Longer than any one try may take (RFC 5321 lets a server think for ten minutes), so that nothing is sent by two.
  // Whether the process that tries still lives is asked more often.
  `UPDATE pgboss.queue SET expire_seconds = 1200, heartbeat_seconds = 120, retention_seconds = ${TEN_YEARS}
   WHERE name = 'mail'`,
  `UPDATE pgboss.queue SET retention_seconds = ${TEN_YEARS} WHERE name = 'mail-dead'`,
  `UPDATE pgboss.job SET expire_seconds = 1200, heartbeat_seconds = 120 WHERE name = 'mail' AND state < 'active'`,
  keptFor(TEN_YEARS),
];

const DOWN = [
  `UPDATE pgboss.queue SET expire_seconds = 120, heartbeat_seconds = NULL, retention_seconds = ${TWO_WEEKS}
   WHERE name = 'mail'`,
  `UPDATE pgboss.queue SET retention_seconds = ${TWO_WEEKS} WHERE name = 'mail-dead'`,
  `UPDATE pgboss.job SET expire_seconds = 120, heartbeat_seconds = NULL WHERE name = 'mail' AND state < 'active'`,
  keptFor(TWO_WEEKS),
];

function keptFor(seconds: number): string {
  return `UPDATE pgboss.job SET keep_until = start_after + ${seconds} * interval '1 s'
          WHERE name IN ('mail', 'mail-dead') AND state < 'active'`;
}

export class GiveMailsTime1795281000000 implements MigrationInterface {
  readonly name = 'GiveMailsTime1795281000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
