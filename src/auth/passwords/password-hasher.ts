import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import { BoundedPool } from '../../common/bounded-pool.js';
import { BusyError } from '../../common/errors/common.errors.js';
import { AppConfig } from '../../config/app-config.js';
import { drawRandom } from '../../crypto/draw-random.js';
import type { Credentials } from '../../users/credentials.js';
import { HeldRefusals } from '../throttling/held-refusals.js';

/** argon2id with OWASP's parameters, over the NFC form of a password, in the bounded pool. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly logger = new Logger('auth');
  private readonly refusals = new HeldRefusals();
  private readonly options: { memoryCost: number; timeCost: number; parallelism: number };
  /** What an unknown account is verified against, so that it takes as long as a known one. */
  private decoy = '';

  constructor(
    private readonly pool: BoundedPool,
    config: AppConfig,
  ) {
    this.options = { memoryCost: config.argon2.memoryKib, timeCost: config.argon2.timeCost, parallelism: 1 };
  }

  async onModuleInit(): Promise<void> {
    this.decoy = await this.compute(drawRandom(32).toString('base64'));
  }

  /**
   * @param share the part of the pool's queue that this hash may fill, 0 to 1
   * @returns a PHC string
   * @throws BusyError
   */
  hash(password: string, share = 1): Promise<string> {
    return this.pool.run(() => this.compute(password), share);
  }

  /** @throws BusyError, after a moment, when a hash that was asked for now would be refused. */
  async refuseWhenBusy(): Promise<void> {
    if (!this.pool.isFull()) return;
    await this.refusals.hold();
    throw new BusyError();
  }

  /**
   * Costs the same whether there is a hash or not, and where the stored one is damaged.
   * @param account undefined for an unknown one
   * @throws BusyError
   */
  verify(account: Pick<Credentials, 'id' | 'passwordHash'> | undefined, password: string): Promise<boolean> {
    const typed = password.normalize('NFC');
    return this.pool.run(async () => {
      if (account && account.passwordHash !== null) {
        const matches = await verifyReadable(account.passwordHash, typed);
        if (matches !== undefined) return matches;
        this.logger.error(
          { event_type: 'password_hash_unreadable', user: account.id },
          'the stored password hash of an account cannot be read',
        );
      }
      await argon2.verify(this.decoy, typed);
      return false;
    });
  }

  /** True when a hash was made with other parameters than today's. */
  needsRehash(hash: string): boolean {
    return argon2.needsRehash(hash, this.options);
  }

  private compute(password: string): Promise<string> {
    return argon2.hash(password.normalize('NFC'), { ...this.options, type: argon2.argon2id });
  }
}

/** @returns undefined when the hash cannot be read. */
async function verifyReadable(hash: string, password: string): Promise<boolean | undefined> {
  // argon2 throws at most of what it cannot read, and at once calls the hash of another function a mismatch.
  if (!/^\$argon2(?:id|i|d)\$/.test(hash)) return undefined;
  try {
    return await argon2.verify(hash, password);
  } catch {
    return undefined;
  }
}
