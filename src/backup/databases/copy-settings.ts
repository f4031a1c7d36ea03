import { escapeIdentifier, escapeLiteral, type Client } from 'pg';

/**
 * Gives another database what a dump leaves out because it belongs to the database as a whole: who may connect, its
 * settings, its limit of connections.
 * @param client connected to the one that is copied from
 */
export async function copyDatabaseSettings(client: Client, to: string): Promise<void> {
  const name = escapeIdentifier(to);
  const { rows: rights } = await client.query<{ privilege: string; grantee: string | null }>(
    `SELECT a.privilege_type AS privilege, r.rolname AS grantee
     FROM pg_database d, aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
     WHERE d.datname = current_database() AND a.grantee <> d.datdba AND (a.grantee = 0 OR r.oid IS NOT NULL)`,
  );
  const { rows: facts } = await client.query<{ hasRights: boolean; limit: number }>(
    `SELECT datacl IS NOT NULL AS "hasRights", datconnlimit AS limit FROM pg_database
     WHERE datname = current_database()`,
  );
  if (facts[0]?.hasRights) await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  for (const { privilege, grantee } of rights)
    await client.query(
      `GRANT ${privilege} ON DATABASE ${name} TO ${grantee === null ? 'PUBLIC' : escapeIdentifier(grantee)}`,
    );
  await client.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${facts[0]?.limit ?? -1}`);
  const { rows: settings } = await client.query<{ name: string; value: string }>(
    `SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
     FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
     WHERE s.setrole = 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  for (const setting of settings)
    await client.query(
      `ALTER DATABASE ${name} SET ${setting.name.split('.').map(escapeIdentifier).join('.')} = ${valueOf(setting)}`,
    );
}

/** Lists are stored as they were written, with their own quotes. */
function valueOf({ name, value }: { name: string; value: string }): string {
  return ['search_path', 'temp_tablespaces'].includes(name) ? value : escapeLiteral(value);
}
