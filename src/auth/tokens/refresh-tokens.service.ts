import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

export interface NewRefreshToken {
  /** 256 bits, base64url: for the client alone. */
  token: string;
  /** What is stored. */
  hash: Buffer;
}

/** Draws refresh tokens: opaque, stored only as a keyed hash under TOKEN_PEPPER. */
@Injectable()
export class RefreshTokensService {
  private readonly lookupKey: Buffer;

  constructor(config: AppConfig) {
    const { current } = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.lookupKey = deriveSubkey(current, 'mc101/refresh-token-lookup/v1');
  }

  draw(): NewRefreshToken {
    const token = drawRandom(32).toString('base64url');
    return { token, hash: hmacSha256(this.lookupKey, token) };
  }
}
