import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BoundedPool } from '../../common/bounded-pool.js';
import { AppConfig } from '../../config/app-config.js';
import { WeakPasswordError } from '../auth.errors.js';
import { contextWords, type PasswordOwner } from './password-context.js';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './password-length.js';
import { PasswordStrengthMeter } from './password-strength.js';

/**
 * How much of a password is estimated. Time grows with the square of it and more; what comes after can only make a
 * password harder to guess, so one that is strong up to here is strong.
 */
const ESTIMATED_LENGTH = 64;

/** Estimates that may wait, for each hash that may. One can take half a second, and there is one thread for them. */
const ESTIMATES_PER_HASH = 1 / 4;

/** What makes a password good enough (NIST SP 800-63B: length and guessability, no composition rules). */
@Injectable()
export class PasswordPolicy implements OnApplicationShutdown {
  private readonly meter = new PasswordStrengthMeter();
  /** Not the one of the hashes: a crowd with passwords that are slow to estimate must not shut logins out. */
  private readonly pool: BoundedPool;

  constructor(private readonly config: AppConfig) {
    this.pool = new BoundedPool(1, Math.ceil(config.cpuPool.queueLimit * ESTIMATES_PER_HASH));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.meter.close();
  }

  /**
   * @throws WeakPasswordError with what to change
   * @throws BusyError when too many estimates are waiting
   */
  async check(password: string, owner: PasswordOwner): Promise<void> {
    const characters = Array.from(password.normalize('NFC'));
    const { length } = characters;
    if (length < PASSWORD_MIN_LENGTH || length > PASSWORD_MAX_LENGTH) {
      throw new WeakPasswordError(
        `must have ${PASSWORD_MIN_LENGTH} to ${PASSWORD_MAX_LENGTH} characters`,
        [],
      );
    }
    const estimated = characters.slice(0, ESTIMATED_LENGTH).join('');
    const { score, warning, suggestions } = await this.pool.run(() =>
      this.meter.measure(
        estimated,
        contextWords(owner, this.config.publicUrl, this.config.passwordContextWords),
      ),
    );
    if (score < this.config.passwordMinScore) {
      throw new WeakPasswordError(warning ?? 'is too easy to guess', suggestions);
    }
  }
}
