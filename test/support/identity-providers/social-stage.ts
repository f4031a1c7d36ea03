import { expect } from '@jest/globals';
import type { Answer } from '../api-client.js';
import { startTestServer, unique, type TestServer } from '../test-server.js';
import { exchange, REDIRECT_URI, startLogin, type Login, type StartOptions } from './browser.js';
import { Facebook } from './facebook.js';
import { GenericProvider } from './generic.js';
import { Google } from './google.js';
import { mapHosts, type MappedHosts } from './hosts.js';
import { LyingProvider } from './lying-provider.js';
import { CONSUMERS, Microsoft } from './microsoft.js';
import type { RegisteredClient } from './open-id-provider.js';

export const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
export const OTHER_TENANT = 'cc7d0b33-84c6-4368-a879-2e47139b7b1f';

/** Another address that a client may come back to, with a query of its own. */
export const OTHER_REDIRECT_URI = 'https://app.example/other?from=mc101&lang=en';

const PUBLIC_URL = 'http://localhost:8000';

/** Who is known by which name at the service. */
export type ProviderName = 'google' | 'microsoft' | 'facebook' | 'keycloak' | 'liar' | 'accomplice';

interface Providers {
  google: Google;
  microsoft: Microsoft;
  facebook: Facebook;
  keycloak: GenericProvider;
  liar: LyingProvider;
  /** Lies as well, and is trusted as well. */
  accomplice: LyingProvider;
}

/** Somebody as their provider tells of them. */
export interface Somebody {
  sub: string;
  email: string;
  name: string;
}

/** How many rows there are of all that a login can make. */
export interface Traces {
  users: number;
  identities: number;
  sessions: number;
}

interface Options<N extends ProviderName> {
  providers: N[];
  env?: Record<string, string>;
}

/** One server, and the providers that people can log in with there. */
export class SocialStage<N extends ProviderName = ProviderName> {
  private constructor(
    readonly server: TestServer,
    readonly env: Record<string, string>,
    private readonly started: Pick<Providers, N>,
    readonly hosts: MappedHosts,
  ) {}

  static async start<N extends ProviderName>({ providers, env = {} }: Options<N>): Promise<SocialStage<N>> {
    const hosts = mapHosts({});
    const started: Partial<Providers> = {};
    const settings: Record<string, string> = {
      OAUTH_ALLOWED_REDIRECT_URIS: `${REDIRECT_URI},${OTHER_REDIRECT_URI}`,
    };
    const publicUrl = env['PUBLIC_URL'] ?? PUBLIC_URL;
    for (const name of providers)
      Object.assign(settings, await startProvider(name, clientAt(name, publicUrl), started, hosts));
    const all = { ...settings, ...env };
    const server = await startTestServer({ env: all });
    return new SocialStage(server, all, started as Pick<Providers, N>, hosts);
  }

  /** The providers, each under the name that the service has for it. */
  get at(): Pick<Providers, N> {
    return this.started;
  }

  /** Another process of the service on the same database: what it knows of providers it has yet to ask for. */
  startAnother(env: Record<string, string> = {}): Promise<TestServer> {
    return startTestServer({ env: { ...this.env, ...env }, database: this.server.database });
  }

  /** Puts somebody new before the browser, or changes who is there. @returns who it is */
  become(name: N, overrides: Record<string, unknown> = {}): Somebody {
    const id = unique();
    const number = id.replaceAll(/\D/g, '');
    const person = {
      sub: `1000${number}`,
      email: `social-${id}@example.com`,
      name: `Somebody ${id}`,
      ...overrides,
    };
    const provider: Providers[ProviderName] = this.started[name];
    if (provider instanceof Facebook)
      provider.profile = { id: person.sub, name: person.name, email: person.email };
    else if (provider instanceof Microsoft) {
      const { tid } = provider.person;
      const oid = `00000000-0000-4000-8000-${number.padStart(12, '0')}`;
      provider.person = { tid, oid, preferred_username: person.email, ...person };
    } else provider.person = { email_verified: true, hd: 'example.com', ...person };
    return person;
  }

  logIn(name: N, options?: StartOptions, server = this.server): Promise<Login> {
    return startLogin(server, name, options);
  }

  exchange(login: Pick<Login, 'code' | 'pkce'>, more?: Record<string, unknown>): Promise<Answer> {
    return exchange(this.server, login, more);
  }

  /** Logs in all the way. @returns the access token */
  async enter(name: N): Promise<string> {
    const login = await this.logIn(name);
    if (login.code === undefined)
      throw new Error(`callback: ${login.callback.status} ${String(login.callback.location)}`);
    const answer = await this.exchange(login);
    if (answer.status !== 200) throw new Error(`exchange: ${JSON.stringify(answer.body)}`);
    expect(answer.body.access_token).toEqual(expect.any(String));
    return answer.body.access_token as string;
  }

  /** A new account whose only way in is this provider. */
  async signUp(
    name: N,
    overrides?: Record<string, unknown>,
  ): Promise<Somebody & { id: number; token: string }> {
    const somebody = this.become(name, overrides);
    const token = await this.enter(name);
    return { ...somebody, id: await this.idOf(token), token };
  }

  async idOf(token: string): Promise<number> {
    const { status, body } = await this.server.as({ token }).get('/users/info');
    expect(status).toBe(200);
    return body.id as number;
  }

  async identitiesOf(token: string): Promise<Record<string, any>[]> {
    const { status, body } = await this.server.as({ token }).get('/auth/identities');
    expect(status).toBe(200);
    return body.items as Record<string, any>[];
  }

  async traces(): Promise<Traces> {
    const { rows } = await this.server.sql.query<Traces>(
      `SELECT (SELECT count(*)::int FROM users) AS users,
              (SELECT count(*)::int FROM identities) AS identities,
              (SELECT count(*)::int FROM sessions) AS sessions`,
    );
    return rows[0]!;
  }

  /** Does something of which no account, no identity and no session may come. */
  async leavingNoTrace<T>(act: () => Promise<T>): Promise<T> {
    const before = await this.traces();
    const result = await act();
    expect(await this.traces()).toEqual(before);
    return result;
  }

  async close(): Promise<void> {
    await this.server.close();
    this.hosts.stop();
    for (const provider of Object.values<Providers[ProviderName]>(this.started)) await provider.stop();
  }
}

/** @returns the variables with which the service knows the provider */
async function startProvider(
  name: ProviderName,
  client: RegisteredClient,
  started: Partial<Providers>,
  hosts: MappedHosts,
): Promise<Record<string, string>> {
  if (name === 'google') hosts.add((started.google = await Google.start(client)).hosts);
  else if (name === 'facebook') hosts.add((started.facebook = await Facebook.start(client)).hosts);
  else if (name === 'microsoft')
    hosts.add((started.microsoft = await Microsoft.start(client, [TENANT, OTHER_TENANT, CONSUMERS])).hosts);
  else {
    const provider =
      name === 'keycloak'
        ? (started.keycloak = await GenericProvider.start(client))
        : (started[name] = await LyingProvider.start(client));
    return credentials(`OIDC_${name.toUpperCase()}`, client, { ISSUER: provider.issuer });
  }
  return credentials(name.toUpperCase(), client);
}

/** What providers know of the service; none has the secret of another. */
function clientAt(name: ProviderName, publicUrl: string): RegisteredClient {
  return {
    clientId: `mc101-at-${name}`,
    clientSecret: `a secret between mc101 and ${name}, long enough for HS256`,
    redirectUri: `${publicUrl}/auth/oauth/${name}/callback`,
  };
}

function credentials(
  prefix: string,
  { clientId, clientSecret }: RegisteredClient,
  more: Record<string, string> = {},
): Record<string, string> {
  const values = { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, ...more };
  return Object.fromEntries(
    Object.entries(values).map(([field, value]) => [`OAUTH_${prefix}_${field}`, value]),
  );
}

/** How a login ended that the service has broken off. */
export function brokenOff({ callback, code, error }: Login) {
  return {
    status: callback.status,
    to: callback.location && callback.location.origin + callback.location.pathname,
    code,
    error,
  };
}

export const SERVER_ERROR = { status: 302, to: REDIRECT_URI, code: undefined, error: 'server_error' };
export const UNAVAILABLE = { ...SERVER_ERROR, error: 'temporarily_unavailable' };
export const DENIED = { ...SERVER_ERROR, error: 'access_denied' };

export const refusalOf = ({ status, body }: Pick<Answer, 'status' | 'body'>) => ({
  status,
  code: body?.error?.code as unknown,
});
