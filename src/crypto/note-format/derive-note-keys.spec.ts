import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hkdfSha256 } from '../hkdf.js';

const derive = jest.fn(hkdfSha256);
jest.unstable_mockModule('../hkdf.js', () => ({ hkdfSha256: derive }));
const { deriveNoteKeys } = await import('./derive-note-keys.js');

const USER_KEY = Buffer.alloc(32, 0x11);

beforeEach(() => {
  derive.mockClear();
});

describe("the keys of a user's notes", () => {
  it('are derived when they are asked for, each once', () => {
    const keys = deriveNoteKeys(USER_KEY);
    expect(derive).not.toHaveBeenCalled();
    for (const purpose of ['titleKey', 'contentKek', 'tagIndexKey'] as const) {
      derive.mockClear();
      expect(keys[purpose]).toBe(keys[purpose]);
      expect(derive).toHaveBeenCalledTimes(1);
    }
  });

  it('are the same in whichever order they are asked for', () => {
    const one = deriveNoteKeys(USER_KEY);
    const other = deriveNoteKeys(USER_KEY);
    const forwards = [one.contentKek, one.titleKey, one.tagIndexKey];
    const backwards = [other.tagIndexKey, other.titleKey, other.contentKek];
    expect(backwards.toReversed()).toEqual(forwards);
  });

  it('do not show when they are printed or logged', () => {
    const keys = deriveNoteKeys(USER_KEY);
    expect(keys.titleKey).toHaveLength(32);
    expect(JSON.stringify(keys)).toBe('{}');
    expect(inspect(keys, { depth: null, showHidden: true })).not.toMatch(/Buffer|[0-9a-f]{2} [0-9a-f]{2}/);
  });
});
