import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Fault } from './faults.js';
import { signIdToken, type IdTokenLies } from './id-token.js';
import { answerJson, listenLocally, type LocalServer } from './local-server.js';
import type { Person, RegisteredClient } from './open-id-provider.js';
import { makeSigningKey, type SigningKey } from './signing-key.js';

export type Endpoint = 'discovery' | 'jwks' | 'authorize' | 'token' | 'userinfo';

const PATHS: Record<string, Endpoint> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/authorize': 'authorize',
  '/token': 'token',
  '/userinfo': 'userinfo',
};

interface Received {
  endpoint: Endpoint;
  /** Of query and body. */
  params: URLSearchParams;
  headers: IncomingMessage['headers'];
}

interface Grant {
  person: Person;
  nonce: string | null;
  challenge: string | null;
}

/** A provider written by hand: right in everything, but for what a test tells it to do wrong. */
export class LyingProvider {
  person: Person = { sub: 'liar-1', email: 'liar@example.com', email_verified: true, name: 'Liar' };
  /** Of every ID token from now on. */
  idToken: IdTokenLies = {};
  /** Changes what the browser takes back to the service. */
  editReturn: (params: URLSearchParams) => void = () => undefined;
  /** Changes what stands in the discovery document. */
  editDiscovery: (document: Record<string, unknown>) => void = () => undefined;
  /** Changes what the token endpoint answers. */
  editTokens: (answer: Record<string, unknown>) => void = () => undefined;
  /** Changes what the userinfo endpoint answers. */
  editProfile: (answer: Record<string, unknown>) => void = () => undefined;
  /** Everything that it was asked, oldest first. */
  received: Received[] = [];
  /** Where it says that it is. */
  issuer: string;
  private faults = new Map<Endpoint, Fault>();
  private readonly grants = new Map<string, Grant>();
  private readonly tokens = new Map<string, Person>();

  private constructor(
    private readonly server: LocalServer,
    readonly client: RegisteredClient,
    private keys: SigningKey[],
  ) {
    this.issuer = server.origin;
  }

  static async start(client: RegisteredClient): Promise<LyingProvider> {
    const keys = [await makeSigningKey()];
    const made: { self?: LyingProvider } = {};
    const server = await listenLocally((request, response) => void made.self!.handle(request, response));
    made.self = new LyingProvider(server, client, keys);
    return made.self;
  }

  /** The key that it signs with. */
  get key(): SigningKey {
    return this.keys.at(-1)!;
  }

  at(endpoint: Endpoint, fault: Fault): void {
    this.faults.set(endpoint, fault);
  }

  /** Tells the truth again. Keys and codes stay as they are. */
  repent(): void {
    this.faults.clear();
    this.idToken = {};
    this.editReturn = this.editDiscovery = this.editTokens = this.editProfile = () => undefined;
    this.received = [];
  }

  /** Signs with a new key and publishes that alone. */
  async rotateKeys(): Promise<void> {
    this.keys = [await makeSigningKey()];
  }

  countOf(endpoint: Endpoint): number {
    return this.received.filter((request) => request.endpoint === endpoint).length;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    const endpoint = PATHS[url.pathname];
    if (endpoint === undefined) {
      response.writeHead(404).end();
      return;
    }
    const params = new URLSearchParams([...url.searchParams, ...new URLSearchParams(await text(request))]);
    this.received.push({ endpoint, params, headers: request.headers });
    const fault = this.faults.get(endpoint);
    if (fault !== undefined && (await fault(request, response)) !== true) return;
    if (endpoint === 'discovery') answerJson(response, this.discovery());
    else if (endpoint === 'jwks') answerJson(response, { keys: this.keys.map(({ publicJwk }) => publicJwk) });
    else if (endpoint === 'authorize') this.authorize(params, response);
    else if (endpoint === 'token') await this.answerTokens(params, response);
    else this.answerProfile(request, response);
  }

  private discovery(): object {
    const document = {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    };
    this.editDiscovery(document);
    return document;
  }

  private authorize(params: URLSearchParams, response: ServerResponse): void {
    const code = randomBytes(24).toString('base64url');
    this.grants.set(code, {
      person: this.person,
      nonce: params.get('nonce'),
      challenge: params.get('code_challenge'),
    });
    const back = new URL(params.get('redirect_uri') ?? this.client.redirectUri);
    const returned = new URLSearchParams({ code, state: params.get('state') ?? '', iss: this.issuer });
    this.editReturn(returned);
    back.search = returned.toString();
    response.writeHead(302, { location: back.href }).end();
  }

  private async answerTokens(params: URLSearchParams, response: ServerResponse): Promise<void> {
    const grant = this.grants.get(params.get('code') ?? '');
    this.grants.delete(params.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(params.get('code_verifier') ?? '')
      .digest('base64url');
    if (params.get('client_secret') !== this.client.clientSecret) {
      answerJson(response, { error: 'invalid_client' }, 401);
      return;
    }
    if (grant?.challenge !== challenge) {
      answerJson(response, { error: 'invalid_grant', error_description: 'No such code.' }, 400);
      return;
    }
    const token = randomBytes(24).toString('base64url');
    this.tokens.set(token, grant.person);
    const answer = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: await signIdToken(this.claimsOf(grant), this.key, this.idToken),
    };
    this.editTokens(answer);
    answerJson(response, answer);
  }

  private claimsOf({ person, nonce }: Grant): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      aud: this.client.clientId,
      iat: now,
      exp: now + 3600,
      nonce: nonce ?? undefined,
      ...person,
    };
  }

  private answerProfile(request: IncomingMessage, response: ServerResponse): void {
    const person = this.tokens.get(request.headers.authorization?.replace(/^Bearer /i, '') ?? '');
    if (person === undefined) {
      answerJson(response, { error: 'invalid_token' }, 401);
      return;
    }
    const answer = { ...person };
    this.editProfile(answer);
    answerJson(response, answer);
  }
}
