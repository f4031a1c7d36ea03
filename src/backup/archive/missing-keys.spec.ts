import { describe, expect, it } from '@jest/globals';
import type { BackupFile } from './backup-files.js';
import { explainMissingKeys, keysMissingFor } from './missing-keys.js';

const needing = (...key_ids: string[]) => ({ file: '/b', manifest: { key_ids } }) as unknown as BackupFile;

describe('keys that retained backups need', () => {
  it('and the ring holds are nothing to speak of', () => {
    expect(keysMissingFor([needing('k1'), needing('k2', 'k1'), needing()], ['k2', 'k1'])).toEqual([]);
    expect(explainMissingKeys([])).toBeUndefined();
  });

  it('and the ring lacks are named, with how many backups need each', () => {
    const missing = keysMissingFor([needing('k1'), needing('k2', 'k1'), needing('k0')], ['k2']);
    expect(missing).toEqual([
      { id: 'k0', backups: 1 },
      { id: 'k1', backups: 2 },
    ]);
    expect(explainMissingKeys(missing)).toBe(
      'Retained backups need keys that APP_ENCRYPTION_KEY lacks: "k0" (1), "k1" (2). Append them to it until these backups have expired.',
    );
  });
});
