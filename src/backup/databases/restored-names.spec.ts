import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRestoredName, setAsideName } from './restored-names.js';

const AT = new Date('2026-11-20T07:55:01.123Z');

describe('the name of a database that was set aside', () => {
  it('says of which database and when', () => {
    expect(setAsideName('mc101', AT)).toBe('mc101_before_20261120T075501Z');
  });

  it('is never longer than PostgreSQL keeps, and whole whatever the letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 }), (database) => {
        for (const name of [setAsideName(database, AT), newRestoredName(database)]) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
          expect(name).not.toContain('\uFFFD');
        }
      }),
    );
  });

  it('differs for long names that begin alike', () => {
    const long = 'a'.repeat(50);
    expect(setAsideName(`${long}b`, AT)).not.toBe(setAsideName(`${long}c`, AT));
  });
});

it('a database that is being restored never gets a name that another one had', () => {
  expect(newRestoredName('mc101')).toMatch(/^mc101_restored_[0-9a-f]{12}$/);
  expect(newRestoredName('mc101')).not.toBe(newRestoredName('mc101'));
});
