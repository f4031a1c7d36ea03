import { notLookedAt, type Check } from '../check.js';
import type { DatabaseFacts } from '../database-facts.repository.js';
import { ok, problem, type Finding } from '../finding.js';

export const pooler: Check = {
  name: 'pooler',
  look: ({ database }) => ('why' in database ? notLookedAt(database) : [judgePooler(database.there)]),
};

/** @internal for tests */
export function judgePooler({ app, direct }: Pick<DatabaseFacts, 'app' | 'direct'>): Finding {
  if (direct.isPooled)
    return problem(
      'Locks and dumps go through a pooler, which may give their session to others: two backups or migrations could run at once.',
      'Set DATABASE_DIRECT_URL to the server itself, with the role of DATABASE_OWNER_URL.',
    );
  return ok(
    app.isPooled
      ? 'Requests go through a pooler, locks and dumps round it.'
      : 'No pooler stands between the service and the database.',
  );
}
