import { Injectable, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import { BoundedPool } from '../../common/bounded-pool.js';
import { AppConfig } from '../../config/app-config.js';
import { drawRandom } from '../../crypto/draw-random.js';

/** argon2id with OWASP's parameters, over the NFC form of a password, in the bounded pool. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
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

  /** @returns a PHC string. @throws BusyError */
  hash(password: string): Promise<string> {
    return this.pool.run(() => this.compute(password));
  }

  /** @throws BusyError when a hash that was asked for now would be refused. */
  refuseWhenBusy(): void {
    this.pool.refuseWhenFull();
  }

  /**
   * Costs the same whether there is a hash or not.
   * @param hash a PHC string; undefined or null for an unknown account or one without a password
   * @throws BusyError
   */
  async verify(hash: string | null | undefined, password: string): Promise<boolean> {
    const matches = await this.pool.run(() => argon2.verify(hash ?? this.decoy, password.normalize('NFC')));
    return matches && typeof hash === 'string';
  }

  /** True when a hash was made with other parameters than today's. */
  needsRehash(hash: string): boolean {
    return argon2.needsRehash(hash, this.options);
  }

  private compute(password: string): Promise<string> {
    return argon2.hash(password.normalize('NFC'), { ...this.options, type: argon2.argon2id });
  }
}
