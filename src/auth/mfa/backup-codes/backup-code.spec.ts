import { describe, expect, it } from '@jest/globals';
import { drawBackupCode, readBackupCode } from './backup-code.js';

const CODES = Array.from({ length: 2_000 }, drawBackupCode);

describe('a backup code', () => {
  it('has at least 112 bits: 24 letters and digits of 32 different ones, in groups', () => {
    for (const code of CODES) expect(code).toMatch(/^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$/);
    expect(Math.log2(32 ** readBackupCode(CODES[0]!).length)).toBeGreaterThanOrEqual(112);
    expect(new Set(CODES).size).toBe(CODES.length);
  });

  it('is drawn evenly: every letter comes as often as any other', () => {
    const counts = new Map<string, number>();
    for (const letter of CODES.join('').replaceAll('-', ''))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
    const expected = (CODES.length * 24) / 32;
    expect(counts.size).toBe(32);
    // Six standard deviations.
    for (const count of counts.values())
      expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
  });

  it('is read however it was typed', () => {
    const code = 'k3vq-7xmd-a2pw-ynht-5rcz-be6j';
    for (const typed of [
      code.toUpperCase(),
      code.replaceAll('-', ''),
      code.replaceAll('-', ' '),
      ` ${code}\n`,
    ])
      expect(readBackupCode(typed)).toBe(readBackupCode(code));
    expect(readBackupCode(`${code}x`)).not.toBe(readBackupCode(code));
  });
});
