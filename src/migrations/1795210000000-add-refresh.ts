import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `ALTER TABLE refresh_tokens
     ADD COLUMN successor_hash bytea,
     ADD CONSTRAINT refresh_tokens_used_check
       CHECK ((used_at IS NULL) = (successor_salt IS NULL) AND (used_at IS NULL) = (successor_hash IS NULL))`,
  `CREATE INDEX refresh_tokens_used_at_idx ON refresh_tokens (used_at) WHERE used_at IS NOT NULL`,
  `CREATE INDEX sessions_expires_at_idx ON sessions (expires_at)`,
];

const DOWN = [
  `DROP INDEX sessions_expires_at_idx`,
  `DROP INDEX refresh_tokens_used_at_idx`,
  // The former version knows no used token, and would not miss one.
  `DELETE FROM refresh_tokens WHERE used_at IS NOT NULL`,
  `ALTER TABLE refresh_tokens DROP CONSTRAINT refresh_tokens_used_check, DROP COLUMN successor_hash`,
];

/** Refreshing sessions: which token followed which, and how expired ones are found. */
export class AddRefresh1795210000000 implements MigrationInterface {
  readonly name = 'AddRefresh1795210000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
