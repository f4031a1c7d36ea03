import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  // Where those were mailed that are open nobody has noted: they end.
  `DELETE FROM not_me_links`,
  `ALTER TABLE not_me_links ADD COLUMN email_normalized text NOT NULL`,
  // From which networks a code was tried, once for each try.
  `ALTER TABLE one_time_codes ADD COLUMN tried_from text[] NOT NULL DEFAULT '{}'`,
];

const DOWN = [
  `ALTER TABLE one_time_codes DROP COLUMN tried_from`,
  `ALTER TABLE not_me_links DROP COLUMN email_normalized`,
];

/** Binds links to the address that they were mailed to, and the tries of codes to networks. */
export class BindRecovery1795285000000 implements MigrationInterface {
  readonly name = 'BindRecovery1795285000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
