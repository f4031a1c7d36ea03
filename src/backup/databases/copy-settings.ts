import { escapeIdentifier, escapeLiteral, type Client } from 'pg';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Lists are stored as they were written, with their own quotes. */
const LISTS = ['search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries'];

interface Setting {
  /** Of the role that it holds for; null: for all. */
  role: string | null;
  name: string;
  value: string;
}

/**
 * Gives another database what a dump leaves out because it belongs to the database as a whole: who may connect, its
 * settings, its limit of connections.
 * @param client connected to the one that is copied from
 * @returns the settings that only a superuser, or the role itself, may make again
 */
export async function copyDatabaseSettings(client: Client, to: string): Promise<string[]> {
  await copyRights(client, to);
  const { rows } = await client.query<Setting>(
    `SELECT r.rolname AS role, split_part(setting, '=', 1) AS name,
            substr(setting, strpos(setting, '=') + 1) AS value
     FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS setting LEFT JOIN pg_roles r ON r.oid = s.setrole
     WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  const left: string[] = [];
  for (const setting of rows) {
    if (!(await copySetting(client, to, setting)))
      left.push(setting.role === null ? setting.name : `${setting.name} of ${setting.role}`);
  }
  return left;
}

/** @returns false where this role may not */
async function copySetting(client: Client, to: string, { role, name, value }: Setting): Promise<boolean> {
  const database = escapeIdentifier(to);
  const whose =
    role === null ? `DATABASE ${database}` : `ROLE ${escapeIdentifier(role)} IN DATABASE ${database}`;
  const what = name.split('.').map(escapeIdentifier).join('.');
  try {
    await client.query(`ALTER ${whose} SET ${what} = ${LISTS.includes(name) ? value : escapeLiteral(value)}`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}

async function copyRights(client: Client, to: string): Promise<void> {
  const name = escapeIdentifier(to);
  const { rows: facts } = await client.query<{ hasRights: boolean; limit: number }>(
    `SELECT datacl IS NOT NULL AS "hasRights", datconnlimit AS limit FROM pg_database
     WHERE datname = current_database()`,
  );
  const { rows: rights } = await client.query<{ privilege: string; grantee: string | null }>(
    `SELECT a.privilege_type AS privilege, r.rolname AS grantee
     FROM pg_database d, aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
     WHERE d.datname = current_database() AND a.grantee <> d.datdba AND (a.grantee = 0 OR r.oid IS NOT NULL)`,
  );
  if (facts[0]?.hasRights) await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  for (const { privilege, grantee } of rights)
    await client.query(
      `GRANT ${privilege} ON DATABASE ${name} TO ${grantee === null ? 'PUBLIC' : escapeIdentifier(grantee)}`,
    );
  await client.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${facts[0]?.limit ?? -1}`);
}
