import { expect } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import type { TestServer } from '../../support/test-server.js';

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** Words for tests about sessions, on one server. */
export class People {
  constructor(private readonly server: TestServer) {}

  async logIn(person: Pick<Actor, 'email' | 'password'>, userAgent = 'a test'): Promise<Tokens> {
    const { email, password } = person;
    const headers = { 'user-agent': userAgent };
    const answer = await this.server.api.post('/users/login', { email, password }, { headers });
    expect(answer.status).toBe(200);
    return answer.body as Tokens;
  }

  /** Somebody new. Beside the session of these tokens there is one of `person.token`. */
  async signUp(): Promise<{ person: Actor; tokens: Tokens }> {
    const person = await this.server.signUp();
    return { person, tokens: await this.logIn(person) };
  }

  refresh(refreshToken: string, userAgent = 'a test'): Promise<Answer> {
    return this.server.api.post(
      '/auth/refresh',
      { refresh_token: refreshToken },
      { headers: { 'user-agent': userAgent } },
    );
  }

  info(accessToken: string): Promise<Answer> {
    return this.server.as({ token: accessToken }).get('/users/info');
  }

  async isIn(accessToken: string): Promise<boolean> {
    return (await this.info(accessToken)).status === 200;
  }

  async sessionIdOf(accessToken: string): Promise<string> {
    return (await this.info(accessToken)).body.session.id as string;
  }

  /** Lets time pass for the sessions of a person and all that is in them. */
  async letPass(person: Pick<Actor, 'id'>, seconds: number): Promise<void> {
    await this.server.sql.query(
      `WITH own AS (
         UPDATE sessions SET created_at = created_at - make_interval(secs => $2),
                             last_seen_at = last_seen_at - make_interval(secs => $2),
                             expires_at = expires_at - make_interval(secs => $2)
         WHERE user_id = $1 RETURNING id
       )
       UPDATE refresh_tokens t SET used_at = used_at - make_interval(secs => $2) FROM own WHERE t.session_id = own.id`,
      [person.id, seconds],
    );
  }

  async eventsOf(person: Pick<Actor, 'id'>): Promise<AuditedEvent[]> {
    const { rows } = await this.server.sql.query<AuditedEvent>(
      `SELECT event_type, actor_id, session_id, details FROM audit_events
       WHERE subject_id = $1 AND event_type <> 'authn_new_device' ORDER BY id`,
      [person.id],
    );
    return rows;
  }
}

export interface AuditedEvent {
  event_type: string;
  actor_id: number | null;
  session_id: string | null;
  details: Record<string, unknown>;
}

export function expectRefused(answer: Answer): void {
  expect({ status: answer.status, error: { ...answer.body.error, request_id: '' } }).toEqual({
    status: 401,
    error: {
      code: 'UNAUTHENTICATED',
      message: 'The refresh token is not valid or its session has ended; log in again.',
      details: {},
      request_id: '',
    },
  });
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
}
