import type { Actor, ApiClient, Answer } from './api-client.js';
import type { Deviations, SoftwareAuthenticator } from './software-authenticator.js';

/** What a page does with passkeys: asks for options, lets the authenticator work, sends what came of it. */
export class PasskeyClient {
  constructor(
    private readonly api: ApiClient,
    readonly authenticator: SoftwareAuthenticator,
  ) {}

  async register(actor: Pick<Actor, 'token'>, deviations: Deviations = {}, name?: string): Promise<Answer> {
    const api = this.api.as(actor);
    const { body: options } = await api.post('/auth/passkeys/register/options');
    const credential = this.authenticator.create(options, deviations);
    return api.post('/auth/passkeys/register/verify', { credential, name });
  }

  /** @param named whose passkeys are asked for; none: whichever there is */
  async logIn(deviations: Deviations = {}, named: object = {}): Promise<Answer> {
    const { body: options } = await this.api.post('/auth/passkeys/login/options', named);
    return this.verify(this.authenticator.get(options, deviations));
  }

  verify(credential: object, headers: Record<string, string> = {}): Promise<Answer> {
    return this.api.post('/auth/passkeys/login/verify', { credential }, { headers });
  }
}
