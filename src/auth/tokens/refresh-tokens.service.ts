import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { drawRandom } from '../../crypto/draw-random.js';
import { hkdfSha256 } from '../../crypto/hkdf.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';

const LOOKUP_CONTEXT = 'mc101/refresh-token-lookup/v1';
const SUCCESSOR_CONTEXT = 'mc101/refresh-token-successor/v1';

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export interface NewRefreshToken {
  /** 256 bits, base64url: for the client alone. */
  token: string;
  /** What is stored. */
  hash: Buffer;
}

export interface Successor extends NewRefreshToken {
  /** What is stored beside the former token, so that it can be derived once more. */
  salt: Buffer;
}

/** What one entry of the ring is used for, each by a key of its own. */
interface Pepper {
  lookupKey: Buffer;
  successorKey: Buffer;
}

/**
 * Refresh tokens: opaque, stored only as a keyed hash under TOKEN_PEPPER. A successor is derived from the former token
 * and a stored salt, so that the same one can be answered again; without the former token and the pepper nothing that
 * is stored yields it.
 */
@Injectable()
export class RefreshTokensService {
  private readonly current: Pepper;
  private readonly peppers: readonly Pepper[];

  constructor(config: AppConfig) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    const [current, ...older] = [ring.current.id, ...ring.ids.slice(1)].map((id) => ({
      lookupKey: deriveSubkey(ring.find(id), LOOKUP_CONTEXT),
      successorKey: deriveSubkey(ring.find(id), SUCCESSOR_CONTEXT),
    })) as [Pepper, ...Pepper[]];
    this.current = current;
    this.peppers = [current, ...older];
  }

  draw(): NewRefreshToken {
    return this.hashed(drawRandom(TOKEN_BYTES).toString('base64url'));
  }

  /** Every hash under which a token may be stored: one for each entry of the ring, none for what is no token of ours. */
  hashesOf(token: string): Buffer[] {
    return TOKEN.test(token) ? this.peppers.map(({ lookupKey }) => hmacSha256(lookupKey, token)) : [];
  }

  /** The token that may follow this one, under a fresh salt. */
  succeed(token: string): Successor {
    const salt = drawRandom(TOKEN_BYTES);
    return { ...this.hashed(derive(this.current, token, salt)), salt };
  }

  /**
   * Derives a successor again, whichever entry of the ring it was made with.
   * @returns undefined where that entry is gone
   */
  successorOf(token: string, salt: Buffer, hash: Buffer): string | undefined {
    for (const pepper of this.peppers) {
      const successor = derive(pepper, token, salt);
      if (hmacSha256(pepper.lookupKey, successor).equals(hash)) return successor;
    }
    return undefined;
  }

  private hashed(token: string): NewRefreshToken {
    return { token, hash: hmacSha256(this.current.lookupKey, token) };
  }
}

/** The key comes first and has a fixed length, so that key and token cannot run into each other. */
function derive({ successorKey }: Pepper, token: string, salt: Buffer): string {
  const input = Buffer.concat([successorKey, Buffer.from(token)]);
  return hkdfSha256(input, salt, SUCCESSOR_CONTEXT, TOKEN_BYTES).toString('base64url');
}
