import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { deriveSubkey } from '../../../crypto/derive-subkey.js';
import { hkdfSha256 } from '../../../crypto/hkdf.js';
import { parseKeyRing } from '../../../crypto/parse-key-ring.js';
import { normalizeEmail, normalizeUsername } from '../../../users/email-address.js';
import type { CredentialDescriptor } from '../passkeys.repository.js';

const CONTEXT = 'mc101/passkey-decoys/v1';

/** How long ids of passkeys are in bytes; 32 is the most common. */
const LENGTHS = [32, 20, 16, 32, 48, 64] as const;

const MAX_ID_BYTES = 64;

/** Of four names one has two. */
const SECOND_ONE_BELOW = 64;

/**
 * Passkeys that nobody has, for names without any, so that a list does not tell who has an account. The same for a name
 * each time, on every process; made of the name alone, so that nothing about an account shows in them.
 */
@Injectable()
export class DecoyCredentialsService {
  private readonly key: Buffer;

  constructor(config: AppConfig) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.key = deriveSubkey(ring.current, CONTEXT);
  }

  /** @param identifier as it was typed; what contains an @ is an address, anything else a username */
  for(identifier: string): Pick<CredentialDescriptor, 'credentialId'>[] {
    const name = identifier.includes('@') ? normalizeEmail(identifier) : normalizeUsername(identifier);
    const first = this.make(name, 0);
    return first.chance < SECOND_ONE_BELOW ? [first, this.make(name, 1)] : [first];
  }

  private make(name: string, position: number): { credentialId: Buffer; chance: number } {
    const salt = Buffer.from(`${position}\0${name}`);
    const bytes = hkdfSha256(this.key, salt, CONTEXT, 2 + MAX_ID_BYTES);
    const [chance = 0, choice = 0] = bytes;
    const length = LENGTHS[choice % LENGTHS.length] ?? LENGTHS[0];
    return { credentialId: bytes.subarray(2, 2 + length), chance };
  }
}
