import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  // The xid stands first: defaults are computed in this order, so that whoever has drawn an id has an xid already.
  `CREATE TABLE audit_events (
     xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
     id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     event_type text NOT NULL,
     actor_id bigint,
     subject_id bigint,
     session_id uuid,
     request_id text,
     address_hash bytea,
     details jsonb NOT NULL DEFAULT '{}',
     CONSTRAINT audit_events_pkey PRIMARY KEY (id)
   )`,
  `CREATE INDEX audit_events_at_idx ON audit_events (at)`,
  `CREATE INDEX audit_events_event_type_idx ON audit_events (event_type, id)`,
  `CREATE INDEX audit_events_actor_id_idx ON audit_events (actor_id, id)`,
  `CREATE INDEX audit_events_subject_id_idx ON audit_events (subject_id, id)`,
  // By themselves, because they go while the entries stay.
  `CREATE TABLE audit_addresses (
     event_id bigint NOT NULL,
     address inet NOT NULL,
     CONSTRAINT audit_addresses_pkey PRIMARY KEY (event_id),
     CONSTRAINT audit_addresses_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit_events (id) ON DELETE CASCADE
   )`,
  `CREATE TABLE audit_seals (
     number bigint NOT NULL,
     entry_count integer NOT NULL,
     first_id bigint NOT NULL,
     last_id bigint NOT NULL,
     previous_head bytea NOT NULL,
     head bytea NOT NULL,
     key_id text NOT NULL,
     signature bytea NOT NULL,
     sealed_at timestamptz NOT NULL,
     CONSTRAINT audit_seals_pkey PRIMARY KEY (number)
   )`,
  // Which entries a seal covers. Ids do not tell: they are committed in another order than they are given.
  `CREATE TABLE audit_seal_entries (
     event_id bigint NOT NULL,
     seal bigint NOT NULL,
     entry_hash bytea NOT NULL,
     CONSTRAINT audit_seal_entries_pkey PRIMARY KEY (event_id),
     CONSTRAINT audit_seal_entries_event_id_fkey FOREIGN KEY (event_id) REFERENCES audit_events (id),
     CONSTRAINT audit_seal_entries_seal_fkey FOREIGN KEY (seal) REFERENCES audit_seals (number)
   )`,
  `CREATE INDEX audit_seal_entries_seal_idx ON audit_seal_entries (seal, event_id)`,
];

const DOWN = [
  `DROP TABLE audit_seal_entries`,
  `DROP TABLE audit_seals`,
  `DROP TABLE audit_addresses`,
  `DROP TABLE audit_events`,
];

export class AddAuditLog1795200000000 implements MigrationInterface {
  readonly name = 'AddAuditLog1795200000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}
