/** The service must not run with the key ring that it was given. */
export class KeyRingUnfitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyRingUnfitError';
  }

  static missing(keyId: string, what: string): KeyRingUnfitError {
    return new KeyRingUnfitError(
      `APP_ENCRYPTION_KEY has no key "${keyId}", which stored ${what} need. Put the lost or changed key back into APP_ENCRYPTION_KEY (or restore secrets.json); nothing was changed.`,
    );
  }

  static changed(keyId: string): KeyRingUnfitError {
    return new KeyRingUnfitError(
      `The key "${keyId}" in APP_ENCRYPTION_KEY is not the one that this database was written with. Put the former key back; nothing was changed.`,
    );
  }
}
