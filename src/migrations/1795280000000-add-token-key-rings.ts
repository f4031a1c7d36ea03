import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE token_key_rings (
     variable text NOT NULL,
     key_ids text[] NOT NULL,
     fingerprints text[] NOT NULL,
     noted_at timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT token_key_rings_pkey PRIMARY KEY (variable),
     CONSTRAINT token_key_rings_check CHECK (cardinality(key_ids) = cardinality(fingerprints))
   )`,
];

const DOWN = [`DROP TABLE token_key_rings`];

export class AddTokenKeyRings1795280000000 implements MigrationInterface {
  readonly name = 'AddTokenKeyRings1795280000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
