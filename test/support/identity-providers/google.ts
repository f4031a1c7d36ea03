import type { HostPorts } from './hosts.js';
import { listenLocally, type LocalServer } from './local-server.js';
import { openIdProvider, type Answer, type Person, type RegisteredClient } from './open-id-provider.js';
import { makeSigningKey } from './signing-key.js';

export const GOOGLE_ISSUER = 'https://accounts.google.com';

/** Google spreads its endpoints over several hosts. */
const ENDPOINTS = {
  authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  jwks: 'https://www.googleapis.com/oauth2/v3/certs',
  userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
};

/** What looks like Google, for who is sent here under Google's names. */
export class Google {
  person: Person = {
    sub: '110169484474386276334',
    email: 'somebody@gmail.com',
    email_verified: true,
    name: 'Some Body',
  };
  answer: Answer = 'continue';

  private constructor(private readonly server: LocalServer) {}

  static async start(client: RegisteredClient): Promise<Google> {
    const made: { self?: Google } = {};
    const handle = openIdProvider({
      issuer: GOOGLE_ISSUER,
      client,
      key: await makeSigningKey(),
      current: () => ({
        person: { azp: client.clientId, ...made.self!.person },
        answer: made.self!.answer,
      }),
      claims: {
        openid: ['sub', 'acr', 'amr', 'azp', 'hd'],
        profile: ['name', 'given_name', 'family_name', 'picture'],
      },
      routes: Object.fromEntries(
        Object.entries(ENDPOINTS).map(([name, url]) => [name, new URL(url).pathname]),
      ),
      editDiscovery: (document) => {
        Object.assign(document, {
          authorization_endpoint: ENDPOINTS.authorization,
          token_endpoint: ENDPOINTS.token,
          jwks_uri: ENDPOINTS.jwks,
          userinfo_endpoint: ENDPOINTS.userinfo,
        });
        // It sends `iss` back with the browser and does not announce it.
        delete document['authorization_response_iss_parameter_supported'];
      },
    });
    const server = await listenLocally((request, response) => void handle(request, response));
    made.self = new Google(server);
    return made.self;
  }

  get hosts(): HostPorts {
    const names = Object.values(ENDPOINTS).map((url) => new URL(url).hostname);
    return Object.fromEntries(names.map((name) => [name, this.server.port]));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
