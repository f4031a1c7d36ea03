import { expect, it } from '@jest/globals';
import { MIGRATIONS } from '../../migrations/migrations.js';
import { majorOf, refuseNewerBackup, refuseOlderServer } from './check-backup.js';

const known = MIGRATIONS.map(({ name }) => name);

it('a backup of this version or an older one is let through', () => {
  for (const migrations of [known, known.slice(0, 1), []])
    expect(() => {
      refuseNewerBackup({ service: '0.1.0', migrations });
    }).not.toThrow();
});

it('a backup with a migration that this version does not have is refused, by the version that made it', () => {
  expect(() => {
    refuseNewerBackup({ service: '7.0.0', migrations: [...known, 'AddWonders2'] });
  }).toThrow('newer version of the service (7.0.0)');
});

it('a backup of a newer server is refused, one of an older server is not', () => {
  const of = (server: string) => ({ postgres: { server, dump: server } });
  expect(() => {
    refuseOlderServer(of('17.2 (Debian 17.2-1)'), 15);
  }).toThrow('is of PostgreSQL 17 and the server here is PostgreSQL 15');
  expect(() => {
    refuseOlderServer(of('15.18'), 17);
  }).not.toThrow();
});

it.each([
  ['15.14', 15],
  ['17.2 (Debian 17.2-1.pgdg120+1)', 17],
  ['18beta1', 18],
])('the major of %s is %i', (version, major) => {
  expect(majorOf(version)).toBe(major);
});
