import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { HostPorts } from './hosts.js';
import { answerJson, listenLocally, type LocalServer } from './local-server.js';
import type { Answer, RegisteredClient } from './open-id-provider.js';

const VERSION = 'v23.0';
const GRAPH = 'graph.facebook.com';

/** A profile as Facebook has it; without an address where the person registered by telephone or keeps it back. */
export interface Profile {
  id: string;
  name: string;
  email?: string;
}

interface Grant {
  profile: Profile;
  redirectUri: string;
  challenge: string | null;
}

/** OAuth 2.0 in the shapes of Facebook: its dialog, its token, its errors, its profiles with `appsecret_proof`. */
export class Facebook {
  profile: Profile = { id: '10220419876543210', name: 'Some Body', email: 'somebody@facebook.example' };
  answer: Answer = 'continue';
  /** What the service has asked of the Graph API, with the query, oldest first. */
  readonly graphRequests: URL[] = [];
  private readonly grants = new Map<string, Grant>();
  private readonly tokens = new Map<string, Profile>();

  private constructor(
    private readonly server: LocalServer,
    private readonly client: RegisteredClient,
  ) {}

  static async start(client: RegisteredClient): Promise<Facebook> {
    const made: { self?: Facebook } = {};
    const server = await listenLocally((request, response) => void made.self!.handle(request, response));
    made.self = new Facebook(server, client);
    return made.self;
  }

  get hosts(): HostPorts {
    return { 'www.facebook.com': this.server.port, [GRAPH]: this.server.port };
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `https://${request.headers['x-forwarded-host'] as string}`);
    const isGraph = url.hostname === GRAPH;
    if (isGraph) this.graphRequests.push(url);
    if (!isGraph && url.pathname === `/${VERSION}/dialog/oauth`) this.showDialog(url, request, response);
    else if (isGraph && url.pathname === `/${VERSION}/oauth/access_token`) {
      const sent = request.method === 'POST' ? new URLSearchParams(await text(request)) : url.searchParams;
      this.answerToken(sent, response);
    } else if (isGraph && url.pathname === `/${VERSION}/me`) this.answerProfile(url, request, response);
    else refuse(response, 'Unknown path components', 2500, 'OAuthException', 404);
  }

  private showDialog({ searchParams: asked }: URL, request: IncomingMessage, response: ServerResponse): void {
    const redirectUri = asked.get('redirect_uri');
    if (asked.get('client_id') !== this.client.clientId || redirectUri !== this.client.redirectUri) {
      response.writeHead(400, { 'content-type': 'text/html' }).end('<!doctype html><h1>URL blocked</h1>');
      return;
    }
    if (this.answer === 'page' && request.method === 'GET') {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(
          `<!doctype html><title>Log in</title><form method="post"><button id="continue">Continue as ${this.profile.name}</button></form>`,
        );
      return;
    }
    const back = new URL(redirectUri);
    if (this.answer === 'deny')
      for (const [name, value] of Object.entries(REFUSED)) back.searchParams.set(name, value);
    else {
      const code = `AQ${randomBytes(100).toString('base64url')}`;
      this.grants.set(code, { profile: this.profile, redirectUri, challenge: asked.get('code_challenge') });
      back.searchParams.set('code', code);
    }
    const state = asked.get('state');
    if (state !== null) back.searchParams.set('state', state);
    // Facebook adds this to every address that it sends a browser back to.
    back.hash = '#_=_';
    response.writeHead(302, { location: back.href }).end();
  }

  private answerToken(sent: URLSearchParams, response: ServerResponse): void {
    const code = sent.get('code') ?? '';
    const grant = this.grants.get(code);
    if (sent.get('client_id') !== this.client.clientId)
      refuse(response, 'Error validating application. Invalid application ID.', 101);
    else if (sent.get('client_secret') !== this.client.clientSecret)
      refuse(response, 'Error validating client secret.', 1);
    else if (grant === undefined) refuse(response, 'This authorization code has been used.', 100);
    else if (grant.redirectUri !== sent.get('redirect_uri'))
      refuse(response, 'Error validating verification code.', 100);
    else if (grant.challenge !== null && grant.challenge !== challengeOf(sent.get('code_verifier') ?? ''))
      refuse(response, 'Invalid code_verifier parameter.', 100);
    else {
      this.grants.delete(code);
      const token = `EAA${randomBytes(90).toString('hex')}`;
      this.tokens.set(token, grant.profile);
      answerJson(response, { access_token: token, token_type: 'bearer', expires_in: 5_183_944 });
    }
  }

  private answerProfile(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const [, bearer] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const token = bearer ?? url.searchParams.get('access_token') ?? '';
    const profile = this.tokens.get(token);
    const proof = createHmac('sha256', this.client.clientSecret).update(token).digest('hex');
    const sentProof = url.searchParams.get('appsecret_proof');
    if (profile === undefined) refuse(response, 'Invalid OAuth access token.', 190);
    else if (sentProof === null)
      refuse(
        response,
        'API calls from the server require an appsecret_proof argument',
        100,
        'GraphMethodException',
      );
    else if (sentProof !== proof)
      refuse(response, 'Invalid appsecret_proof provided in the API argument', 100, 'GraphMethodException');
    else {
      const fields = ['id', ...(url.searchParams.get('fields') ?? 'name').split(',')];
      answerJson(
        response,
        Object.fromEntries(Object.entries(profile).filter(([name]) => fields.includes(name))),
      );
    }
  }
}

const REFUSED = {
  error: 'access_denied',
  error_code: '200',
  error_description: 'Permissions error',
  error_reason: 'user_denied',
};

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

function refuse(
  response: ServerResponse,
  message: string,
  code: number,
  type = 'OAuthException',
  status = 400,
): void {
  const error = { message, type, code, fbtrace_id: randomBytes(8).toString('base64url') };
  answerJson(response, { error }, status);
}
