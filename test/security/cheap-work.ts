import { pbkdf2Sync } from 'node:crypto';
import { jest } from '@jest/globals';

/**
 * From here on PBKDF2 runs one round instead of the 600,000 that note passwords cost, for tests with thousands of
 * them. Load the service after this.
 */
export function makeKeyStretchingCheap(): void {
  jest.unstable_mockModule('../../src/crypto/pbkdf2.js', () => ({
    pbkdf2Sha256: (password: Buffer, salt: Buffer, _iterations: number, length: number) =>
      Promise.resolve(pbkdf2Sync(password, salt, 1, length, 'sha256')),
  }));
}

/** From here on every password of an account counts as strong enough, at once: the real estimate takes up to half a second. */
export function makePasswordEstimatesCheap(): void {
  jest.unstable_mockModule('../../src/auth/passwords/password-strength.js', () => ({
    PasswordStrengthMeter: class {
      measure = () => Promise.resolve({ score: 4, warning: null, suggestions: [] });
      close = () => Promise.resolve();
    },
  }));
}
