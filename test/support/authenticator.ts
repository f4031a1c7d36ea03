import { createHmac } from 'node:crypto';
import type { Clock } from '../../src/common/clock.js';
import type { Actor, Answer, ApiClient } from './api-client.js';

const STEP_MS = 30_000;

/** An authenticator app, written from RFC 4226 and RFC 6238 and not with the library of the service. */
export class Authenticator {
  private readonly secret: Buffer;
  private lastStep = 0;

  /** @param base32 as the service shows it */
  constructor(
    base32: string,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.secret = decodeBase32(base32);
  }

  /** The code of now, or of so many steps of 30 seconds later. */
  code(stepsFromNow = 0): string {
    return this.codeOf(Math.floor(this.clock.now().getTime() / STEP_MS) + stepsFromNow);
  }

  /** A code that was not shown by this method before: of now if it can be, else of the step after the last. */
  freshCode(): string {
    const step = Math.max(Math.floor(this.clock.now().getTime() / STEP_MS), this.lastStep + 1);
    this.lastStep = step;
    return this.codeOf(step);
  }

  /** Six digits that are no code of these minutes. */
  wrongCode(): string {
    const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((steps) => this.code(steps)));
    for (let n = 0; ; n += 1) {
      const code = String(n).padStart(6, '0');
      if (!near.has(code)) return code;
    }
  }

  private codeOf(step: number): string {
    return hotp(this.secret, step);
  }
}

/** RFC 4226 section 5.3, six digits. */
function hotp(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export interface Enrolled extends Actor {
  app: Authenticator;
  backupCodes: string[];
}

/** A clock that stands still until a test moves it on. The database has its own. */
export class StoppedClock {
  private milliseconds: number;

  /** @param at where it stands; default: now */
  constructor(clock: Clock, at = clock.now()) {
    this.milliseconds = at.getTime();
    clock.now = () => new Date(this.milliseconds);
  }

  pass(seconds: number): void {
    this.milliseconds += seconds * 1000;
  }
}

/** Sets up an authenticator app for somebody who is logged in. */
export async function enrol(api: ApiClient, clock: Pick<Clock, 'now'>, actor: Actor): Promise<Enrolled> {
  const setup = await api.as(actor).post('/auth/mfa/totp/setup');
  if (setup.status !== 200) throw new Error(`setup: ${JSON.stringify(setup.body)}`);
  const app = new Authenticator(setup.body.secret as string, clock);
  const confirmed = await api.as(actor).post('/auth/mfa/totp/confirm', { code: app.freshCode() });
  if (confirmed.status !== 200) throw new Error(`confirm: ${JSON.stringify(confirmed.body)}`);
  return { ...actor, app, backupCodes: confirmed.body.backup_codes as string[] };
}

/** Gives the password of somebody with a second factor. @returns the token of the login that waits */
export async function passPassword(
  api: ApiClient,
  { email, password }: Pick<Actor, 'email' | 'password'>,
): Promise<string> {
  const answer: Answer = await api.post('/users/login', { email, password });
  if (answer.body?.mfa_required !== true) throw new Error(`login: ${JSON.stringify(answer.body)}`);
  return answer.body.mfa_token as string;
}

function decodeBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  ).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
}
