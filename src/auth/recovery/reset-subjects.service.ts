import { Injectable } from '@nestjs/common';
import { hmacSha256 } from '../../crypto/hmac.js';
import { ServiceKeysService } from '../../keys/service-keys.service.js';
import { normalizeEmail } from '../../users/email-address.js';
import type { CodeFor } from '../codes/one-time-codes.service.js';

/** Outlives the rotation of every secret: a newer code must find the former one of its address. */
const SERVICE_KEY = 'reset-addresses';

/** What the code of a reset is bound to: an address, as a keyed hash, since there may be no account with it. */
@Injectable()
export class ResetSubjects {
  constructor(private readonly serviceKeys: ServiceKeysService) {}

  /** To be asked for before a transaction begins: the first time it reads the key on a connection of its own. */
  async codeFor(email: string): Promise<CodeFor> {
    const emailNormalized = normalizeEmail(email);
    const subject = hmacSha256(await this.serviceKeys.get(SERVICE_KEY), emailNormalized);
    return { purpose: 'reset_password', subject, emailNormalized };
  }
}
