import { escapeLiteral, type Client } from 'pg';

/**
 * Runs a psql script without psql: what the shipped one uses of it, which is `\set` from a file, `:'name'` and `\gexec`.
 * @throws Error at anything else of psql's.
 */
export async function runPsqlScript(
  client: Client,
  script: string,
  readSecret: (file: string) => string,
): Promise<void> {
  const variables = new Map<string, string>();
  let statement = '';
  for (const line of script.split('\n')) {
    if (line.startsWith('--') || line.trim() === '') continue;
    const [, name, file] = /^\\set (\w+) `cat (\S+)`$/.exec(line) ?? [];
    if (name !== undefined && file !== undefined) variables.set(name, readSecret(file));
    else if (line.startsWith('\\') && line !== '\\set ON_ERROR_STOP on')
      throw new Error(`Not known: ${line}`);
    else if (!line.startsWith('\\')) {
      statement += `${line}\n`;
      if (line.endsWith('\\gexec')) {
        const { rows } = await client.query<string[]>({
          text: substitute(statement.replace(/\\gexec\n$/, ''), variables),
          rowMode: 'array',
        });
        for (const [made] of rows) await client.query(made!);
        statement = '';
      } else if (line.endsWith(';')) {
        await client.query(substitute(statement, variables));
        statement = '';
      }
    }
  }
  if (statement !== '') throw new Error(`Not ended: ${statement}`);
}

function substitute(statement: string, variables: Map<string, string>): string {
  return statement.replace(/:'(\w+)'/g, (_all, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`${name} is not set.`);
    return escapeLiteral(value);
  });
}
