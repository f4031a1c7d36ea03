import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BoundedPool } from '../../common/bounded-pool.js';
import { countCharacters } from '../../common/http/text.decorator.js';
import { AppConfig } from '../../config/app-config.js';
import { WeakPasswordError } from '../auth.errors.js';
import { PasswordStrengthMeter } from './password-strength.js';

const PASSWORD_MIN_LENGTH = 8;
const PASSWORD_MAX_LENGTH = 128;

/** Whose password it is: what must not be most of it. */
export interface PasswordOwner {
  name: string;
  email: string;
  username?: string | null;
}

/** What makes a password good enough (NIST SP 800-63B: length and guessability, no composition rules). */
@Injectable()
export class PasswordPolicy implements OnApplicationShutdown {
  private readonly meter = new PasswordStrengthMeter();

  constructor(
    private readonly config: AppConfig,
    private readonly pool: BoundedPool,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.meter.close();
  }

  /**
   * @throws WeakPasswordError with what to change
   * @throws BusyError when too much CPU-heavy work is waiting
   */
  async check(password: string, owner: PasswordOwner): Promise<void> {
    const normalized = password.normalize('NFC');
    const length = countCharacters(normalized);
    if (length < PASSWORD_MIN_LENGTH || length > PASSWORD_MAX_LENGTH) {
      throw new WeakPasswordError(
        `must have ${PASSWORD_MIN_LENGTH} to ${PASSWORD_MAX_LENGTH} characters`,
        [],
      );
    }
    const { score, warning, suggestions } = await this.pool.run(() =>
      this.meter.measure(normalized, contextOf(owner)),
    );
    if (score < this.config.passwordMinScore) {
      throw new WeakPasswordError(warning ?? 'is too easy to guess', suggestions);
    }
  }
}

function contextOf({ name, email, username }: PasswordOwner): string[] {
  const words = [name, email, username ?? ''].flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]);
  return [...words, 'mc101'].filter((word) => word.length > 2);
}
