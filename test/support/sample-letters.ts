import type { LetterData, LetterKind } from '../../src/mail/letters/letters.js';

const origin = {
  at: '2026-01-05T09:30:00.000Z',
  address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
  device: 'Samsung Internet for Android 27 on Android',
  place: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, United Kingdom',
};
const token = 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M';
const WEEK = 7 * 86_400;

/** What each kind of letter may be told, at its longest and at its shortest. A new kind needs a line here. */
export const SAMPLE_LETTERS: { [K in LetterKind]: readonly [LetterData<K>, ...LetterData<K>[]] } = {
  welcome: [{}],
  verifyEmail: [{ code: '04719283', lifetimeSeconds: 600 }],
  changeEmail: [{ code: '04719283', lifetimeSeconds: 600 }],
  emailChanged: [{ origin, token, lifetimeSeconds: WEEK }, { origin }],
  emailReverted: [{ origin }],
  passwordReset: [
    { code: '04719283', lifetimeSeconds: 600, origin },
    { code: '04719283', lifetimeSeconds: 600, origin, isAfterDisowning: true },
  ],
  farewell: [{ lastBackupGoesAt: '2026-01-12' }],
  newDevice: [
    { origin, token, lifetimeSeconds: WEEK },
    { origin: { at: origin.at }, token, lifetimeSeconds: WEEK },
  ],
  lockout: [{ origin, seconds: 900 }],
  secondFactorLockout: [
    { origin, seconds: 900, firstFactor: 'password' },
    { origin, seconds: 86_400, firstFactor: 'social' },
  ],
  proofLockout: [{ origin, seconds: 900 }],
  refreshReuse: [{ origin }],
  passwordChanged: [{ origin }],
  passwordReplaced: [
    { origin: { at: origin.at }, factorsRemoved: true },
    { origin: { at: origin.at }, factorsRemoved: false },
  ],
  passwordResetDone: [{ origin, factorsRemoved: true }, { origin }],
  usernameChanged: [{ origin }],
  mfaChanged: [
    { origin, change: 'enabled' },
    { origin, change: 'disabled' },
    { origin: { at: origin.at }, change: 'reset' },
    { origin, change: 'backup_codes_replaced' },
    { origin, change: 'backup_code_used' },
  ],
  passkeyRegistered: [{ origin }],
  passkeyRemoved: [{ origin }],
  passkeyCloneSuspected: [{ origin }],
  identityLinked: [{ origin, provider: 'Google' }],
  identityUnlinked: [{ origin, provider: 'Accounts of the city council of Examplet' }],
  loginDisowned: [{ origin }],
  backupFailed: [
    { at: origin.at, lastGoodAt: '2026-01-05T08:00:12.000Z' },
    { at: origin.at, lastGoodAt: null },
  ],
  backupRecovered: [{ at: origin.at }],
  test: [{ sentAt: origin.at }],
};
