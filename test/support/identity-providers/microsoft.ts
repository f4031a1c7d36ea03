import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { HostPorts } from './hosts.js';
import { answerJson, listenLocally, type LocalServer } from './local-server.js';
import {
  INTERACTION,
  openIdProvider,
  type Answer,
  type Person,
  type ProviderHandler,
  type RegisteredClient,
} from './open-id-provider.js';
import { makeSigningKey, type SigningKey } from './signing-key.js';

const AUTHORITY = 'https://login.microsoftonline.com';
const GRAPH = 'https://graph.microsoft.com';

/** The tenant of all personal accounts. */
export const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';

export const issuerOf = (tenant: string) => `${AUTHORITY}/${tenant}/v2.0`;

/** Somebody of a tenant. `xms_edov`: the tenant owns the domain of the address; told only where asked for. */
export interface Employee extends Person {
  tid: string;
  oid: string;
  preferred_username?: string;
  xms_edov?: boolean | string;
}

/** What looks like Microsoft: an issuer a tenant, and before them endpoints that serve all of them. */
export class Microsoft {
  person: Employee;
  answer: Answer = 'continue';
  private readonly tenants: Map<string, ProviderHandler>;
  /** Which tenant has given which code: the common token endpoint must know. */
  private readonly tenantOfCode = new Map<string, string>();

  private constructor(
    private readonly server: LocalServer,
    private readonly key: SigningKey,
    client: RegisteredClient,
    tenants: [string, ...string[]],
  ) {
    this.tenants = new Map(tenants.map((tenant) => [tenant, this.open(tenant, client)]));
    this.person = {
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      oid: '00000000-0000-0000-66f3-3332eca7ea81',
      tid: tenants[0],
      email: 'somebody@contoso.example',
      preferred_username: 'somebody@contoso.example',
      name: 'Some Body',
    };
  }

  /** @param tenants ids; whoever logs in belongs to the tenant `person.tid` */
  static async start(client: RegisteredClient, tenants: [string, ...string[]]): Promise<Microsoft> {
    const key = await makeSigningKey();
    const made: { self?: Microsoft } = {};
    const server = await listenLocally((request, response) => void made.self!.handle(request, response));
    made.self = new Microsoft(server, key, client, tenants);
    return made.self;
  }

  get hosts(): HostPorts {
    const names = [AUTHORITY, GRAPH].map((url) => new URL(url).hostname);
    return Object.fromEntries(names.map((name) => [name, this.server.port]));
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private open(tenant: string, client: RegisteredClient): ProviderHandler {
    return openIdProvider({
      issuer: issuerOf(tenant),
      client,
      // One list of keys signs for every tenant: only the issuer tells them apart.
      key: this.key,
      current: () => ({ person: { ver: '2.0', ...this.person }, answer: this.answer }),
      claims: {
        openid: ['sub', 'acr', 'amr', 'tid', 'oid', 'ver'],
        email: ['email', 'xms_edov'],
        profile: ['name', 'preferred_username'],
      },
      routes: {
        authorization: `/${tenant}/oauth2/v2.0/authorize`,
        token: `/${tenant}/oauth2/v2.0/token`,
        userinfo: `/${tenant}/oidc/userinfo`,
      },
      // It sends no `iss` back with the browser.
      editReturn: (url) => {
        url.searchParams.delete('iss');
        const code = url.searchParams.get('code');
        if (code !== null) this.tenantOfCode.set(code, tenant);
      },
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', AUTHORITY);
    const [, named = '', ...rest] = url.pathname.split('/');
    const path = rest.join('/');
    if (path === 'v2.0/.well-known/openid-configuration') answerJson(response, discoveryOf(named));
    else if (path === 'discovery/v2.0/keys') answerJson(response, { keys: [this.key.publicJwk] });
    else if (url.pathname.startsWith(INTERACTION)) await this.tenant(this.person.tid)(request, response);
    else if (path === 'oauth2/v2.0/token') await this.answerToken(request, response);
    else {
      // Whoever comes is sent to the tenant of the person, also where another one was asked for.
      const tenant = this.person.tid;
      request.url = (named === 'oidc' ? `/${tenant}/oidc/${path}` : `/${tenant}/${path}`) + url.search;
      await this.tenant(tenant)(request, response);
    }
  }

  private async answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const code = new URLSearchParams(body.toString()).get('code') ?? '';
    const tenant = this.tenantOfCode.get(code) ?? this.person.tid;
    const { method, headers, socket } = request;
    const replay = Object.assign(Readable.from([body]), {
      ...{ method, headers, socket },
      url: `/${tenant}/oauth2/v2.0/token`,
    });
    await this.tenant(tenant)(replay as unknown as IncomingMessage, response);
  }

  private tenant(id: string): ProviderHandler {
    return (
      this.tenants.get(id) ?? ((_request, response) => Promise.resolve(void response.writeHead(404).end()))
    );
  }
}

/** @param named a tenant, or the name of several: those have an issuer with a gap in it */
function discoveryOf(named: string): object {
  const isTenant = /^[\da-f]{8}-/.test(named);
  return {
    issuer: issuerOf(isTenant ? named : named === 'consumers' ? CONSUMERS : '{tenantid}'),
    authorization_endpoint: `${AUTHORITY}/${named}/oauth2/v2.0/authorize`,
    token_endpoint: `${AUTHORITY}/${named}/oauth2/v2.0/token`,
    jwks_uri: `${AUTHORITY}/${named}/discovery/v2.0/keys`,
    userinfo_endpoint: `${GRAPH}/oidc/userinfo`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  };
}
