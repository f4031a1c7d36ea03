import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { isConstantTimeEqual } from '../../crypto/constant-time-equal.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import { signSeal, type Seal, type UnsignedSeal } from './seal-format.js';

/** The ring of LOG_SIGNING_KEY: its first entry signs, all of them verify. */
@Injectable()
export class SigningRing {
  private readonly ring: KeyRing;

  constructor(config: AppConfig) {
    this.ring = parseKeyRing('LOG_SIGNING_KEY', config.secrets.LOG_SIGNING_KEY);
  }

  sign(seal: UnsignedSeal): Seal {
    const { current } = this.ring;
    return { ...seal, keyId: current.id, signature: signSeal(seal, current) };
  }

  /** @returns whether the seal is as it was signed; `unknown key` where the ring cannot tell */
  check(seal: Seal): 'intact' | 'altered' | 'unknown key' {
    if (!this.ring.ids.includes(seal.keyId)) return 'unknown key';
    try {
      return isConstantTimeEqual(signSeal(seal, this.ring.find(seal.keyId)), seal.signature)
        ? 'intact'
        : 'altered';
    } catch (error) {
      // Of a number that no seal of ours has there is no signature.
      if (error instanceof RangeError || error instanceof TypeError) return 'altered';
      throw error;
    }
  }
}
