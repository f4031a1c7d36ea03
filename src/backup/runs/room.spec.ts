import { describe, expect, it } from '@jest/globals';
import { expectedDumpBytes } from './room.js';

describe('how large a dump may become', () => {
  it('is taken to be the database, where there was none', () => {
    expect(expectedDumpBytes(1000, undefined)).toBe(1100);
  });

  it('is taken from the last one, for as much data, and a little more', () => {
    const last = { bytes: 400, database_bytes: 1000 };
    expect(expectedDumpBytes(1000, last)).toBe(500);
    expect(expectedDumpBytes(3000, last)).toBe(1500);
    // What was deleted may not have left the files of the database.
    expect(expectedDumpBytes(500, last)).toBe(500);
  });
});
