import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

/** Draws what the way back of a change of address carries: opaque, stored only as a keyed hash under TOKEN_PEPPER. */
@Injectable()
export class RevertTokens {
  /** The writing key first. */
  private readonly lookupKeys: readonly [Buffer, ...Buffer[]];

  constructor(config: AppConfig) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.lookupKeys = ring.ids.map((id) => deriveSubkey(ring.find(id), 'mc101/email-revert-lookup/v1')) as [
      Buffer,
      ...Buffer[],
    ];
  }

  /** @returns 256 bits, base64url, for one mailbox alone; and what is stored of them */
  draw(): { token: string; hash: Buffer } {
    const token = drawRandom(32).toString('base64url');
    return { token, hash: hmacSha256(this.lookupKeys[0], token) };
  }

  /** Under every key of the ring: a way back outlives a rotation. */
  hashesOf(token: string): Buffer[] {
    return this.lookupKeys.map((key) => hmacSha256(key, token));
  }
}
