import { DataSource, type QueryRunner } from 'typeorm';
import type { DatabaseUrls } from '../config/app-config.js';
import { dataSourceOptions } from './data-source-options.js';
import { postgresConnection } from './postgres-connection.js';

/** Any constant will do, as long as every process of the service takes the same one. */
const MIGRATION_LOCK = 4_101_000_001;

/** Ours and the job queue's. */
const SCHEMAS = ['public', 'pgboss'];

/** Neither the wait for another process nor a migration of a large table is over in a request's time. */
const NO_TIMEOUT = 0;

export class SchemaTooNewError extends Error {
  /** @param wayBack a command that leads back to this version */
  constructor(wayBack?: string) {
    super(
      `The database has migrations that this version does not know; start the newer version, or restore a backup from before the upgrade${wayBack === undefined ? '' : `: ${wayBack}`}.`,
    );
    this.name = 'SchemaTooNewError';
  }
}

/** What higher modules do around an upgrade: pending migrations on a database that has some already. */
export interface UpgradeHooks {
  /** Runs under the lock, before anything is changed. What it throws ends the upgrade there. */
  before(): Promise<void>;
  /** A command that brings back a state of the database with no other migrations than these, if there is one. */
  wayBack(known: ReadonlySet<string>): Promise<string | undefined>;
}

/**
 * Brings the schema up to date as its owner and gives the app's role its rights. Several processes may call this at
 * once: a session lock lets one of them work while the others wait and then find nothing to do.
 * @param database another one than that of the URLs, at the same server
 * @returns the names of the migrations that ran.
 * @throws SchemaTooNewError when a newer version has migrated this database.
 */
export async function migrate(
  urls: DatabaseUrls,
  onProgress: (message: string) => void,
  hooks?: UpgradeHooks,
  database?: string,
): Promise<string[]> {
  // The lock belongs to a session, so the connection must not go through a pooler.
  const options = dataSourceOptions(urls.direct, 2, { database, statementTimeoutMs: NO_TIMEOUT });
  const owner = await new DataSource(options).initialize();
  const runner = owner.createQueryRunner();
  try {
    await takeLock(runner, onProgress);
    const done = await listDone(runner);
    await refuseNewerSchema(owner, done, hooks);
    const pending = await owner.showMigrations();
    if (pending && done.length > 0) await hooks?.before();
    if (pending) onProgress('Bringing the database schema up to date …');
    const ran = await owner.runMigrations({ transaction: 'each' });
    await grantToApp(runner, urls);
    return ran.map((migration) => migration.name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.release();
    await owner.destroy();
  }
}

async function takeLock(runner: QueryRunner, onProgress: (message: string) => void): Promise<void> {
  const [{ taken }] = (await runner.query('SELECT pg_try_advisory_lock($1) AS taken', [MIGRATION_LOCK])) as [
    { taken: boolean },
  ];
  if (taken) return;
  onProgress('Waiting for another process that migrates the database…');
  await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
}

async function listDone(runner: QueryRunner): Promise<string[]> {
  if (!(await runner.hasTable('migrations'))) return [];
  const rows = (await runner.query('SELECT name FROM migrations')) as { name: string }[];
  return rows.map(({ name }) => name);
}

async function refuseNewerSchema(owner: DataSource, done: string[], hooks?: UpgradeHooks): Promise<void> {
  const known = new Set(owner.migrations.map((migration) => migration.name ?? migration.constructor.name));
  if (done.some((name) => !known.has(name))) throw new SchemaTooNewError(await hooks?.wayBack(known));
}

/** What the app adds to the audit log it can neither change nor take back, and it does not choose when it was. */
function appendOnly(role: string): string[] {
  const tables = 'audit_events, audit_addresses, audit_seals, audit_seal_entries';
  return [
    `REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE ${tables} FROM ${role}`,
    `REVOKE INSERT ON TABLE audit_events FROM ${role}`,
    `GRANT INSERT (event_type, actor_id, subject_id, session_id, request_id, address_hash, details)
       ON TABLE audit_events TO ${role}`,
    `REVOKE UPDATE ON SEQUENCE audit_events_id_seq FROM ${role}`,
  ];
}

/** Rows only, no DDL, and no rights on the list of migrations but to read it. */
async function grantToApp(runner: QueryRunner, urls: DatabaseUrls): Promise<void> {
  const { user: app = '' } = postgresConnection(urls.app);
  const [{ owner }] = (await runner.query('SELECT current_user AS owner')) as [{ owner: string }];
  if (app === '' || app === owner) return;
  const role = `"${app.replaceAll('"', '""')}"`;
  // At once: what is revoked is at no moment allowed.
  await runner.startTransaction();
  for (const schema of SCHEMAS) {
    await runner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
    await runner.query(`GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`);
  }
  await runner.query(`REVOKE INSERT, UPDATE, DELETE ON TABLE migrations FROM ${role}`);
  for (const statement of appendOnly(role)) await runner.query(statement);
  await runner.commitTransaction();
}
