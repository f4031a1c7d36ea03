import type { Client } from 'pg';
import { noteInAuditLog } from './carry-audit.js';
import { MAINTENANCE_LOCK } from './maintenance-lock.js';

/**
 * Tells every process of the service to answer MAINTENANCE, for as long as this connection lives or until it is told
 * otherwise.
 * @returns false where the database has no place for it: no process of this version works on it
 */
export async function turnMaintenanceOn(client: Client, reason: string): Promise<boolean> {
  if (!(await hasTable(client))) return false;
  await client.query('SELECT pg_advisory_lock($1)', [MAINTENANCE_LOCK]);
  await client.query(
    `INSERT INTO public.maintenance (reason) VALUES ($1)
     ON CONFLICT (is_on) DO UPDATE SET reason = excluded.reason, since = now()`,
    [reason],
  );
  await noteInAuditLog(client, 'sys_maintenance_started', { reason });
  return true;
}

/** Removes the row, whoever wrote it. Requests are let in again with the next look of each process. */
export async function turnMaintenanceOff(client: Client): Promise<void> {
  if (!(await hasTable(client))) return;
  const { rowCount } = await client.query('DELETE FROM public.maintenance');
  if (rowCount === 1) await noteInAuditLog(client, 'sys_maintenance_ended');
}

async function hasTable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.maintenance') IS NOT NULL AS exists`,
  );
  return rows[0]?.exists ?? false;
}
