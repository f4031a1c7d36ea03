import { listenLocally, type LocalServer } from './local-server.js';
import {
  openIdProvider,
  type Answer,
  type Person,
  type ProviderHandler,
  type RegisteredClient,
} from './open-id-provider.js';
import { makeSigningKey } from './signing-key.js';

/** An ordinary OpenID Connect provider, such as Keycloak, at an address of this machine. */
export class GenericProvider {
  person: Person = { sub: 'generic-1', email: 'generic@example.com', email_verified: true, name: 'Generic' };
  answer: Answer = 'continue';

  private constructor(private readonly server: LocalServer) {}

  static async start(client: RegisteredClient): Promise<GenericProvider> {
    const key = await makeSigningKey();
    const made: { handle?: ProviderHandler } = {};
    const server = await listenLocally((request, response) => void made.handle?.(request, response));
    const self = new GenericProvider(server);
    made.handle = openIdProvider({ issuer: server.origin, client, key, current: () => self });
    return self;
  }

  get issuer(): string {
    return this.server.origin;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
