import { expect, it } from '@jest/globals';
import { judgeDisk, type DiskFacts } from './disk.js';

const GB = 1_000_000_000;
const room = (free: number, device: number) => ({ folder: `/disk${device}`, free, device });
const facts = (more: Partial<DiskFacts> = {}): DiskFacts => ({
  backups: room(50 * GB, 1),
  data: room(50 * GB, 2),
  isEmbedded: true,
  dumpBytes: 0.1 * GB,
  databaseBytes: GB,
  ...more,
});
const told = (more: Partial<DiskFacts>) =>
  judgeDisk(facts(more)).map(({ verdict, found }) => [verdict, found]);

it('two disks with room are in order', () => {
  expect(told({})).toEqual([['ok', 'BACKUP_DIR has 50000 MB left, DATA_DIR 50000 MB.']]);
});

it.each([
  [
    'the next dump does not fit',
    { backups: room(0.15 * GB, 1) },
    'problem',
    'BACKUP_DIR (/disk1) has 150 MB',
  ],
  ['a day of dumps does not fit', { backups: room(2 * GB, 1) }, 'warning', 'BACKUP_DIR (/disk1) has 2000 MB'],
  ['the database is out of room', { data: room(0.01 * GB, 2) }, 'problem', 'DATA_DIR (/disk2) has 10 MB'],
  ['a second copy of the database does not fit', { data: room(1.5 * GB, 2) }, 'warning', 'DATA_DIR (/disk2)'],
])('%s', (_, more, verdict, words) => {
  expect(told(more)).toEqual([[verdict, expect.stringContaining(words)]]);
});

it('backups beside the database they are of are a warning, unless that is elsewhere', () => {
  const same = { backups: room(50 * GB, 2) };
  expect(told(same)).toEqual([['warning', expect.stringContaining('same disk')]]);
  expect(told({ ...same, isEmbedded: false })).toEqual([['ok', expect.anything()]]);
});
