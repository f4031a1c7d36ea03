import { expect, it } from '@jest/globals';
import type { SessionFacts } from '../database-facts.repository.js';
import { judgeRoles } from './roles.js';

const role = (name: string, more: Partial<SessionFacts> = {}): SessionFacts => ({
  role: name,
  isSuperuser: false,
  mayCreateDatabases: false,
  isPooled: false,
  ...more,
});
const app = role('app');
const owner = role('owner', { mayCreateDatabases: true });
const TWO = { app, owner, direct: owner, ownerIsMemberOfApp: true };

it('two roles of which the owner may create databases are in order', () => {
  expect(judgeRoles(TWO)).toEqual([
    { verdict: 'ok', found: '"app" works on rows, "owner" owns the schema.' },
  ]);
});

it('one role for everything is a warning that says what it costs', () => {
  const findings = judgeRoles({ app: owner, owner, direct: owner, ownerIsMemberOfApp: true });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatchObject({
    verdict: 'warning',
    found: expect.stringMatching(/change and drop tables.*audit log, is only appended to/),
    toDo: expect.stringContaining('deploy/postgres/roles.sql'),
  });
});

it.each([
  [
    'a service that is a superuser',
    { app: role('app', { isSuperuser: true }) },
    'problem',
    /superuser "app"/,
  ],
  [
    'an owner that is one',
    { owner: role('owner', { isSuperuser: true, mayCreateDatabases: true }) },
    'warning',
    /"owner" is a superuser/,
  ],
  [
    'an owner without CREATEDB',
    { owner: role('owner'), direct: role('owner') },
    'warning',
    /"owner" may not create databases/,
  ],
  ['an owner who cannot end connections', { ownerIsMemberOfApp: false }, 'warning', /no member of "app"/],
])('%s is told', (_, more, verdict, words) => {
  expect(judgeRoles({ ...TWO, ...more })).toEqual([
    { verdict, found: expect.stringMatching(words), toDo: expect.stringMatching(/\.$|"$|CREATEDB$/) },
  ]);
});
