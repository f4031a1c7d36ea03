import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE mfa_totp (
     user_id bigint NOT NULL,
     key_id text NOT NULL,
     sealed_secret bytea NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     confirmed_at timestamptz,
     last_step bigint,
     CONSTRAINT mfa_totp_pkey PRIMARY KEY (user_id),
     CONSTRAINT mfa_totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT mfa_totp_confirmed_check CHECK ((confirmed_at IS NULL) = (last_step IS NULL))
   )`,
  `CREATE INDEX mfa_totp_key_id_idx ON mfa_totp (key_id)`,
  `CREATE TABLE mfa_backup_codes (
     code_hash bytea NOT NULL,
     user_id bigint NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     used_at timestamptz,
     CONSTRAINT mfa_backup_codes_pkey PRIMARY KEY (code_hash),
     CONSTRAINT mfa_backup_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
   )`,
  `CREATE INDEX mfa_backup_codes_user_id_idx ON mfa_backup_codes (user_id)`,
  // A digest of the password's hash, not the hash: one copy of it is enough.
  `CREATE TABLE mfa_tokens (
     token_hash bytea NOT NULL,
     user_id bigint NOT NULL,
     password_digest bytea NOT NULL,
     channel text NOT NULL,
     identifier bytea NOT NULL,
     failures_before integer NOT NULL,
     tries integer NOT NULL DEFAULT 0,
     expires_at timestamptz NOT NULL,
     CONSTRAINT mfa_tokens_pkey PRIMARY KEY (token_hash),
     CONSTRAINT mfa_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
     CONSTRAINT mfa_tokens_channel_check CHECK (channel IN ('bearer', 'web'))
   )`,
  `CREATE INDEX mfa_tokens_user_id_idx ON mfa_tokens (user_id)`,
  `CREATE INDEX mfa_tokens_expires_at_idx ON mfa_tokens (expires_at)`,
];

const DOWN = [`DROP TABLE mfa_tokens`, `DROP TABLE mfa_backup_codes`, `DROP TABLE mfa_totp`];

/** Second factors: one-time passwords, backup codes, and logins that wait for one of them. */
export class AddMfa1795260000000 implements MigrationInterface {
  readonly name = 'AddMfa1795260000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
