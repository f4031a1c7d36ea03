import type { Client } from 'pg';

const SEALS_AT_ONCE = 20;
const ENTRIES_AT_ONCE = 2_000;

interface Head {
  readonly number: number;
  /** Lower-case hex. */
  readonly head: string;
}

/** What became of the entries that only the present database has. */
export interface CarriedAudit {
  readonly entries: number;
  /** The last seal of a log that could not be carried over; it goes on in the former database alone. */
  readonly lost: Head | undefined;
}

/**
 * Brings the audit log of a restored database up to the present one, so that going back in time takes back nothing of
 * what is on record: the batches that continue its own, and what waits for a seal. A log that does not continue it is
 * left where it is.
 * @param present of the same installation, whose log nobody writes to
 */
export async function carryAuditLog(present: Client, restored: Client): Promise<CarriedAudit> {
  const [from, to] = [await headOf(restored), await headOf(present)];
  if (!to || (from && !(await goesThrough(present, from)))) return { entries: 0, lost: to };
  await restored.query('BEGIN');
  try {
    let entries = 0;
    for (let after = from?.number ?? 0; after < to.number;) {
      const through = await lastOfNext(present, after);
      if (through === undefined) break;
      const range = [after, through];
      const inRange = 'SELECT event_id FROM public.audit_seal_entries WHERE seal > $1 AND seal <= $2';
      entries += await copy(present, restored, 'audit_events', `id IN (${inRange})`, range);
      await copy(present, restored, 'audit_addresses', `event_id IN (${inRange})`, range);
      await copy(present, restored, 'audit_seals', 'number > $1 AND number <= $2', range);
      await copy(present, restored, 'audit_seal_entries', 'seal > $1 AND seal <= $2', range);
      after = through;
    }
    entries += await copyUnsealed(present, restored);
    await restored.query('COMMIT');
    return { entries, lost: undefined };
  } catch (error) {
    await restored.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Writes into the log what an operator did to a whole database. */
export async function noteInAuditLog(
  client: Client,
  eventType: 'sys_restore' | 'sys_database_moved' | 'sys_maintenance_started' | 'sys_maintenance_ended',
  details: Record<string, string | number | null> = {},
): Promise<void> {
  if (!(await hasAuditLog(client))) return;
  await client.query('INSERT INTO public.audit_events (event_type, details) VALUES ($1, $2)', [
    eventType,
    { origin: 'cli', ...details },
  ]);
}

/** The last seal; undefined where there is none, or no log. */
export async function headOf(client: Client): Promise<Head | undefined> {
  if (!(await hasAuditLog(client))) return undefined;
  const { rows } = await client.query<Head>(
    `SELECT number, encode(head, 'hex') AS head FROM public.audit_seals ORDER BY number DESC LIMIT 1`,
  );
  return rows[0];
}

/** A schema from before the log has none. */
export async function hasAuditLog(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.audit_seals') IS NOT NULL AS exists`,
  );
  return rows[0]?.exists ?? false;
}

async function goesThrough(client: Client, { number, head }: Head): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM public.audit_seals WHERE number = $1 AND head = decode($2, 'hex')`,
    [number, head],
  );
  return rowCount === 1;
}

async function lastOfNext(present: Client, after: number): Promise<number | undefined> {
  const { rows } = await present.query<{ number: number }>(
    'SELECT number FROM public.audit_seals WHERE number > $1 ORDER BY number LIMIT $2',
    [after, SEALS_AT_ONCE],
  );
  return rows.at(-1)?.number;
}

async function copyUnsealed(present: Client, restored: Client): Promise<number> {
  let entries = 0;
  for (let after = 0; ;) {
    const { rows } = await present.query<{ id: number }>(
      `SELECT e.id FROM public.audit_events e
       WHERE e.id > $1 AND NOT EXISTS (SELECT FROM public.audit_seal_entries m WHERE m.event_id = e.id)
       ORDER BY e.id LIMIT $2`,
      [after, ENTRIES_AT_ONCE],
    );
    const last = rows.at(-1);
    if (!last) return entries;
    const ids = [rows.map(({ id }) => id)];
    entries += await copy(present, restored, 'audit_events', 'id = ANY ($1)', ids);
    await copy(present, restored, 'audit_addresses', 'event_id = ANY ($1)', ids);
    after = last.id;
  }
}

/** As text all the way: no number is rounded and no moment loses its microseconds. @returns how many were not there */
async function copy(
  present: Client,
  restored: Client,
  table: 'audit_events' | 'audit_addresses' | 'audit_seals' | 'audit_seal_entries',
  condition: string,
  values: unknown[],
): Promise<number> {
  const { rows } = await present.query<{ rows: string }>(
    `SELECT coalesce(jsonb_agg(to_jsonb(it)), '[]')::text AS rows FROM public.${table} it WHERE ${condition}`,
    values,
  );
  const { rowCount } = await restored.query(
    `INSERT INTO public.${table} OVERRIDING SYSTEM VALUE
     SELECT * FROM jsonb_populate_recordset(NULL::public.${table}, $1::jsonb) ON CONFLICT DO NOTHING`,
    [rows[0]?.rows ?? '[]'],
  );
  return rowCount ?? 0;
}
