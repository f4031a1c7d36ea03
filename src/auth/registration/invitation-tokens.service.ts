import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const LOOKUP_CONTEXT = 'mc101/invitation-lookup/v1';

/** Draws what an invitation's link carries: opaque, stored only as a keyed hash under TOKEN_PEPPER. */
@Injectable()
export class InvitationTokensService {
  /** The writing key first. */
  private readonly lookupKeys: Buffer[];

  constructor(config: AppConfig) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.lookupKeys = ring.ids.map((id) => deriveSubkey(ring.find(id), LOOKUP_CONTEXT));
  }

  /** @returns 256 bits, base64url, for one person alone; and what is stored of them */
  draw(): { token: string; hash: Buffer } {
    const token = drawRandom(32).toString('base64url');
    const [hash] = this.hashesOf(token);
    if (!hash) throw new Error('A key ring has at least one key.');
    return { token, hash };
  }

  /** Under every key of the ring, the writing one first: an invitation outlives a rotation. */
  hashesOf(token: string): Buffer[] {
    return this.lookupKeys.map((key) => hmacSha256(key, token));
  }
}
