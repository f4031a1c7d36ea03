import type { PasskeyWithOwner } from '../passkeys.repository.js';

/**
 * Stands for a credential that nobody has, so that its signature costs what one of somebody costs: else the time would
 * tell decoys from what a name really has. Nobody has its private half, and what it verifies counts for nothing.
 */
export const NOBODYS_PASSKEY: PasskeyWithOwner = {
  id: 0,
  userId: 0,
  credentialId: Buffer.alloc(0),
  publicKey: Buffer.from(
    'pQECAyYgASFYIEqTZj4uqN43-AHxxQDX5FO1I6nggWqU9FaI0QrFFFRjIlggRi469UAcJs7EsRL0EYf9Km6Yd6kZC8ScGnbc3jCh9gs',
    'base64url',
  ),
  isBackupEligible: false,
  isActive: false,
};
