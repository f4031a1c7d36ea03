import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  // Keyed hashes alone: neither who was tried nor from where can be read from it.
  `CREATE TABLE login_failures (
     key bytea NOT NULL,
     account bytea,
     failed_at timestamptz[] NOT NULL DEFAULT '{}',
     pending jsonb NOT NULL DEFAULT '{}',
     locked_at timestamptz,
     locked_until timestamptz,
     lock_level integer NOT NULL DEFAULT 0,
     forget_at timestamptz NOT NULL,
     CONSTRAINT login_failures_pkey PRIMARY KEY (key)
   )`,
  `CREATE INDEX login_failures_account_idx ON login_failures (account)`,
  `CREATE INDEX login_failures_forget_at_idx ON login_failures (forget_at)`,
  `CREATE TABLE known_devices (
     id uuid NOT NULL DEFAULT gen_random_uuid(),
     user_id bigint NOT NULL,
     token_hash bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     last_used_at timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT known_devices_pkey PRIMARY KEY (id),
     CONSTRAINT known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT known_devices_user_id_token_hash_key UNIQUE (user_id, token_hash)
   )`,
  `CREATE INDEX known_devices_token_hash_idx ON known_devices (token_hash)`,
  `CREATE INDEX known_devices_last_used_at_idx ON known_devices (last_used_at)`,
];

const DOWN = [`DROP TABLE known_devices`, `DROP TABLE login_failures`];

export class AddLockouts1795220000000 implements MigrationInterface {
  readonly name = 'AddLockouts1795220000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
