import { LogInService } from '../../src/auth/log-in.service.js';
import { isWaiting } from '../../src/auth/mfa/pending/waiting-login.js';
import type { SecurityNotice } from '../../src/auth/notices/security-notices.js';
import type { Actor } from './api-client.js';
import { collectNotices } from './notices.js';
import { startTestServer, unique, type TestServer } from './test-server.js';
import type { TestDatabase } from './test-database.js';
import { LOCKOUTS } from './lockout-words.js';

export const WRONG = 'not the password of anybody';

export interface Outcome {
  /** `in`, `mfa` where a second factor is to come, or the code of the refusal. */
  outcome: string;
  retryAfterSeconds?: number;
  deviceToken?: string;
  mfaToken?: string;
}

interface From {
  ip?: string | null;
  device?: string;
}

/** A running service with lockouts as shipped, at which people log in from anywhere. */
export class LockoutStage {
  readonly notices: SecurityNotice[];

  private constructor(readonly server: TestServer) {
    this.notices = collectNotices(server);
  }

  static async open(env: Record<string, string> = {}, database?: TestDatabase): Promise<LockoutStage> {
    return new LockoutStage(await startTestServer({ env: { ...LOCKOUTS, ...env }, database }));
  }

  /** Somebody with a username, who has logged in from nowhere yet. */
  async person(): Promise<Actor & { username: string }> {
    const username = `person.${unique()}`;
    const person = { ...(await this.server.signUp({ username })), username };
    await this.server.sql.query('DELETE FROM known_devices WHERE user_id = $1', [person.id]);
    return person;
  }

  /** An address that nothing has come from. */
  address(): string {
    const n = Number(unique().split('-')[1]);
    return `198.51.${Math.floor(n / 256)}.${n % 256}`;
  }

  async logIn(
    who: { email: string } | { username: string },
    password: string,
    { ip = this.address(), device }: From = {},
  ): Promise<Outcome> {
    const named = 'email' in who ? { email: who.email } : { username: who.username };
    try {
      const login = await this.server.app
        .get(LogInService)
        .logIn({ ...named, password }, 'bearer', { ip, userAgent: null, deviceToken: device ?? null });
      return isWaiting(login)
        ? { outcome: 'mfa', mfaToken: login.mfaToken }
        : { outcome: 'in', deviceToken: login.deviceToken };
    } catch (error) {
      const { code, retryAfterSeconds } = error as { code?: string; retryAfterSeconds?: number };
      if (code === undefined || !/^[A-Z_]+$/.test(code)) throw error;
      return { outcome: code, retryAfterSeconds };
    }
  }

  /** Fails as often, one after the other. @returns what the last try was answered */
  async fail(
    who: { email: string } | { username: string },
    times: number,
    from: From = {},
  ): Promise<Outcome> {
    let last: Outcome = { outcome: 'none' };
    for (let n = 0; n < times; n += 1) last = await this.logIn(who, WRONG, from);
    return last;
  }

  /** Fails from one address, each time with another name, so that no name is locked. */
  async spray(times: number, ip: string): Promise<Outcome> {
    let last: Outcome = { outcome: 'none' };
    for (let n = 0; n < times; n += 1)
      last = await this.logIn({ email: `nobody-${unique()}@example.com` }, WRONG, { ip });
    return last;
  }

  /** Lets time pass for everything that was counted. */
  async pass(seconds: number): Promise<void> {
    await this.server.sql.query(
      `UPDATE login_failures SET
         failed_at = ARRAY(SELECT t - make_interval(secs => $1) FROM unnest(failed_at) t),
         pending = coalesce((SELECT jsonb_object_agg(key, value::float8 - $1) FROM jsonb_each(pending)), '{}'),
         locked_at = locked_at - make_interval(secs => $1),
         locked_until = locked_until - make_interval(secs => $1),
         forget_at = forget_at - make_interval(secs => $1)`,
      [seconds],
    );
  }

  /** What was recorded, without where it came from: these logins are no requests. */
  async events(type: string): Promise<{ subject_id: number | null; details: Record<string, unknown> }[]> {
    const { rows } = await this.server.sql.query<{
      subject_id: number | null;
      details: Record<string, unknown>;
    }>(
      `SELECT subject_id, details - 'origin' AS details FROM audit_events WHERE event_type = $1 ORDER BY id`,
      [type],
    );
    return rows;
  }

  async close(): Promise<void> {
    await this.server.close();
  }
}
