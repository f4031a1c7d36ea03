import { expect } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import type { Actor, Answer } from '../../support/api-client.js';
import { enrol, passPassword, StoppedClock, type Enrolled } from '../../support/authenticator.js';
import { collectNotices } from '../../support/notices.js';
import { eventsOf } from '../../support/audited.js';
import type { TestServer } from '../../support/test-server.js';

/** Words for tests about second factors, on one server whose clock stands still. */
export class MfaPeople {
  readonly time: StoppedClock;
  readonly notices: SecurityNotice[];
  readonly clock: Clock;

  constructor(readonly server: TestServer) {
    this.clock = server.app.get(Clock);
    this.time = new StoppedClock(this.clock);
    this.notices = collectNotices(server);
  }

  /** Another process of the same service keeps the same time. */
  alsoStop(other: TestServer): void {
    other.app.get(Clock).now = () => this.clock.now();
  }

  /** Somebody new with an authenticator app, logged in by the session that set it up. */
  async withApp(actor?: Actor): Promise<Enrolled> {
    return enrol(this.server.api, this.clock, actor ?? (await this.server.signUp()));
  }

  logIn({ email, password }: Pick<Actor, 'email' | 'password'>): Promise<Answer> {
    return this.server.api.post('/users/login', { email, password });
  }

  passPassword(person: Pick<Actor, 'email' | 'password'>): Promise<string> {
    return passPassword(this.server.api, person);
  }

  complete(body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.server.api.post('/auth/mfa/complete', body, { headers });
  }

  /** Logs in with password and app. */
  async logInWithApp(person: Enrolled): Promise<Actor> {
    const answer = await this.complete({
      mfa_token: await this.passPassword(person),
      code: person.app.freshCode(),
    });
    expect(answer.status).toBe(200);
    return { ...person, token: answer.body.access_token as string };
  }

  async isIn(token: string): Promise<boolean> {
    return (await this.server.as({ token }).get('/users/info')).status === 200;
  }

  /** Makes the logins of somebody older than a change of what matters may be. */
  async age({ id }: Pick<Actor, 'id'>): Promise<void> {
    await this.server.sql.query(
      `UPDATE sessions SET authenticated_at = now() - interval '15 minutes 1 second' WHERE user_id = $1`,
      [id],
    );
  }

  eventsOf(person: Pick<Actor, 'id'>, ...types: string[]): Promise<object[]> {
    return eventsOf(this.server, person, ...types);
  }

  changesTold({ id }: Pick<Actor, 'id'>): string[] {
    return this.notices.flatMap((notice) =>
      notice.kind === 'mfa_changed' && notice.userId === id ? [notice.change] : [],
    );
  }
}

export const refusalOf = ({ status, body }: Answer) => ({ status, code: body?.error?.code as unknown });
export const CODE_INVALID = { status: 400, code: 'CODE_INVALID' };
export const TOKEN_INVALID = { status: 401, code: 'MFA_TOKEN_INVALID' };
