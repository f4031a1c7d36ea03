import { SchemaTooNewError } from '../../database/migrate.js';
import { MIGRATIONS } from '../../migrations/migrations.js';
import { notLookedAt, type Check } from '../check.js';
import { ok, problem, warning, type Finding } from '../finding.js';

/** Names of the migrations of this version. */
export const KNOWN_MIGRATIONS: readonly string[] = MIGRATIONS.map(({ name }) => name);

export const schema: Check = {
  name: 'migrations',
  look: ({ database }) =>
    'why' in database ? notLookedAt(database) : [judgeSchema(database.there.migrations, KNOWN_MIGRATIONS)],
};

/** Whether the schema is one that this version can look into; also when it has migrations to do first. @internal for tests */
export function judgeSchema(done: readonly string[] | undefined, known: readonly string[]): Finding {
  if (done === undefined)
    return warning('The database is empty.', 'Start the service: its first start makes the tables.');
  if (done.some((name) => !known.includes(name)))
    return problem(
      new SchemaTooNewError().message,
      'The backups from before an upgrade: npm run cli -- backup:list, where the reason is migration.',
    );
  const pending = known.filter((name) => !done.includes(name)).length;
  return pending === 0
    ? ok(`All ${known.length} have run.`)
    : problem(
        `Pending migrations: ${pending}.`,
        'Restart the service to run them; it makes a backup before.',
      );
}
