import { Injectable } from '@nestjs/common';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { ServiceKeysService } from '../../../keys/service-keys.service.js';

/** Outlives the rotation of every secret: authenticators keep handles for good. */
const SERVICE_KEY = 'passkey-user-handles';
const CONTEXT = 'mc101/passkey-user-handle/v1';

/**
 * By what authenticators tell the accounts of one service apart (Web Authentication, 5.4.3). The same for every passkey of
 * an account, and it says nothing about it to whoever reads it off an authenticator.
 */
@Injectable()
export class UserHandlesService {
  constructor(private readonly serviceKeys: ServiceKeysService) {}

  /** 32 bytes. To be asked for outside of transactions: the first time it reads the key on a connection of its own. */
  async of(userId: number): Promise<Buffer> {
    return hmacSha256(await this.serviceKeys.get(SERVICE_KEY), `${CONTEXT}\0${userId}`);
  }
}
