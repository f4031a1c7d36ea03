import { expect, it } from '@jest/globals';
import { judgeSchema } from './schema.js';

const KNOWN = ['One1', 'Two2'];

it.each([
  ['the migrations of this version', KNOWN, 'ok', 'All 2 have run.'],
  ['one that has not run', ['One1'], 'problem', 'Pending migrations: 1.'],
  ['those of a newer version', [...KNOWN, 'Three3'], 'problem', 'migrations that this version does not know'],
  ['no tables', undefined, 'warning', 'The database is empty.'],
])('a database with %s', (_, done, verdict, words) => {
  expect(judgeSchema(done, KNOWN)).toMatchObject({ verdict, found: expect.stringContaining(words) });
});
