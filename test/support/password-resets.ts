import { codeTo } from './mailed-codes.js';
import type { Answer } from './api-client.js';
import type { TestServer } from './test-server.js';

export const NEW_PASSWORD = 'seven lanterns over a quiet harbour';

/** Words for the forgotten password. */
export class PasswordResets {
  constructor(private readonly server: TestServer) {}

  request(email: string, at = this.server): Promise<Answer> {
    return at.api.post('/auth/password-reset/request', { email });
  }

  confirm(email: string, code: string, password = NEW_PASSWORD, at = this.server): Promise<Answer> {
    return at.api.post('/auth/password-reset/confirm', { email, code, new_password: password });
  }

  codeFor(email: string): Promise<string> {
    return codeTo(this.server, email, 'passwordReset');
  }

  /** Asks for a code. @returns the one that is mailed */
  async askFor(email: string): Promise<string> {
    const { status, body } = await this.request(email);
    if (status !== 202) throw new Error(`request: ${JSON.stringify(body)}`);
    return this.codeFor(email);
  }
}
