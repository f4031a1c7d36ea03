import type { Answer } from './api-client.js';
import type { TestServer } from './test-server.js';

/** As shipped; the configuration of the other tests switches them off. */
export const LOCKOUTS = {
  RL_LOGIN_IP_LIMIT: '20',
  RL_LOGIN_EMAIL_LIMIT: '10',
  LOGIN_FAIL_EMAIL_THRESHOLD: '8',
  LOGIN_FAIL_IP_THRESHOLD: '30',
};

export function logIn(server: TestServer, body: object, deviceToken?: string): Promise<Answer> {
  const headers: Record<string, string> = deviceToken === undefined ? {} : { 'x-device-token': deviceToken };
  return server.api.post('/users/login', body, { headers });
}

/** How often each status (and error code) was answered. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = body?.error === undefined ? String(status) : `${status} ${body.error.code}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
