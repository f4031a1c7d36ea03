import { notLookedAt, type Check } from '../check.js';
import type { DatabaseFacts } from '../database-facts.repository.js';
import { orElse, problem, warning, type Finding } from '../finding.js';

export const roles: Check = {
  name: 'database roles',
  look: ({ database }) => ('why' in database ? notLookedAt(database) : judgeRoles(database.there)),
};

type RoleFacts = Pick<DatabaseFacts, 'app' | 'owner' | 'direct' | 'ownerIsMemberOfApp'>;

/** @internal for tests */
export function judgeRoles({ app, owner, direct, ownerIsMemberOfApp }: RoleFacts): readonly Finding[] {
  const wrong: Finding[] = [];
  const isOneRole = app.role === owner.role;
  if (app.isSuperuser)
    wrong.push(
      problem(
        `The service works as the superuser "${app.role}": whoever gets into it reads every database of the server and runs programs as its user.`,
        'Make the two roles of deploy/postgres/roles.sql, and set DATABASE_URL and DATABASE_OWNER_URL to them.',
      ),
    );
  if (isOneRole)
    wrong.push(
      warning(
        `One role, "${app.role}", does everything: a service that is broken into can change and drop tables, and the database does not enforce that a log, such as the audit log, is only appended to.`,
        'Make the two roles of deploy/postgres/roles.sql, and set DATABASE_URL to the one with rights on rows alone and DATABASE_OWNER_URL to the one that owns the schema.',
      ),
    );
  else if (owner.isSuperuser)
    wrong.push(
      warning(
        `The owner's role "${owner.role}" is a superuser, which migrations and backups do not need.`,
        'Set DATABASE_OWNER_URL to a role that owns the database and has CREATEDB, as deploy/postgres/roles.sql makes it.',
      ),
    );
  if (!direct.mayCreateDatabases)
    wrong.push(
      warning(
        `The role "${direct.role}" may not create databases: backups are only read through and not restored on trial, and backup:restore cannot work.`,
        `As an administrator of the server: ALTER ROLE "${direct.role}" CREATEDB`,
      ),
    );
  if (!isOneRole && !ownerIsMemberOfApp)
    wrong.push(
      warning(
        `The role "${direct.role}" is no member of "${app.role}": a restore cannot end the connections of the service.`,
        `As an administrator of the server: GRANT "${app.role}" TO "${owner.role}"`,
      ),
    );
  return orElse(wrong, `"${app.role}" works on rows, "${owner.role}" owns the schema.`);
}
