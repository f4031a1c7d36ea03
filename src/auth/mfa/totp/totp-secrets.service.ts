import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { encodeAad } from '../../../crypto/aad.js';
import { aeadOpen } from '../../../crypto/aead-open.js';
import { aeadSeal } from '../../../crypto/aead-seal.js';
import { SealBrokenError } from '../../../crypto/crypto.errors.js';
import { deriveSubkey } from '../../../crypto/derive-subkey.js';
import type { KeyRing, KeyRingEntry } from '../../../crypto/key-ring.js';
import type { KeyHolder } from '../../../keys/key-holder.js';
import { KeysService } from '../../../keys/keys.service.js';
import { TotpRepository, type SealedSecret, type TotpRow } from './totp.repository.js';

const SEAL_CONTEXT = 'mc101/totp-seal/v1';

/** Seals the secrets of authenticator apps under the key ring, each bound to its account. */
@Injectable()
export class TotpSecretsService implements KeyHolder {
  readonly what = 'TOTP secrets';
  private readonly logger = new Logger('auth');
  /** Accounts whose secret did not open when it was to be sealed again: reported once, then stepped over. */
  private readonly broken = new Set<number>();

  constructor(
    private readonly repository: TotpRepository,
    private readonly keys: KeysService,
  ) {
    keys.register(this);
  }

  seal(userId: number, secret: Buffer): SealedSecret {
    return sealUnder(this.keys.ring.current, userId, secret);
  }

  /** @throws SealBrokenError for a secret that was changed, or is another account's */
  open(userId: number, sealed: SealedSecret): Buffer {
    return openFrom(this.keys.ring, userId, sealed);
  }

  keyIdsInUse(): Promise<string[]> {
    return this.repository.keyIdsInUse();
  }

  /** A secret that does not open stays as it is, so that its ring entry still counts as needed. */
  async rewrapBatch(ring: KeyRing, limit: number, manager: EntityManager): Promise<number> {
    for (;;) {
      const rows = await this.repository.lockSealedByOthers(manager, ring.current.id, limit, [
        ...this.broken,
      ]);
      const resealed = rows.flatMap((row) => this.reseal(ring, row) ?? []);
      // A batch of nothing but broken ones must not read as the end.
      if (resealed.length === 0 && rows.length > 0) continue;
      if (resealed.length > 0) await this.repository.reseal(manager, resealed);
      return resealed.length;
    }
  }

  private reseal(ring: KeyRing, row: TotpRow): TotpRow | undefined {
    try {
      const secret = openFrom(ring, row.userId, row);
      return { userId: row.userId, ...sealUnder(ring.current, row.userId, secret) };
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      this.broken.add(row.userId);
      this.logger.error(
        { event_type: 'totp_secret_unreadable', user: row.userId, key_id: row.keyId },
        'a TOTP secret does not open and was not sealed again',
      );
      return undefined;
    }
  }
}

function sealUnder(entry: KeyRingEntry, userId: number, secret: Buffer): SealedSecret {
  const sealedSecret = aeadSeal(deriveSubkey(entry, SEAL_CONTEXT), secret, bindingOf(userId, entry.id));
  return { keyId: entry.id, sealedSecret };
}

function openFrom(ring: KeyRing, userId: number, { keyId, sealedSecret }: SealedSecret): Buffer {
  return aeadOpen(deriveSubkey(ring.find(keyId), SEAL_CONTEXT), sealedSecret, bindingOf(userId, keyId));
}

function bindingOf(userId: number, keyId: string): Buffer {
  return encodeAad(['mc101/totp-secret', 1, userId, keyId]);
}
