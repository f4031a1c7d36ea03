import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { interactionPolicy, Provider } from 'oidc-provider';
import { memoryAdapter } from './memory-adapter.js';
import type { SigningKey } from './signing-key.js';

/** Who is before the browser, as the provider knows them. Claims that are undefined are not told. */
export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  /** How they have logged in there. */
  acr?: string;
  amr?: string[];
  [claim: string]: unknown;
}

/** What the provider knows of the service. */
export interface RegisteredClient {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

/** What a person does when asked: goes on at once, refuses at once, or is shown a page with two buttons. */
export type Answer = 'continue' | 'deny' | 'page';

export interface ProviderOptions {
  issuer: string;
  client: RegisteredClient;
  key: SigningKey;
  /** Paths of its endpoints, by oidc-provider's names for them. */
  routes?: Record<string, string>;
  /** scope → claims. */
  claims?: Record<string, string[]>;
  /** The person to log in, and what they do. */
  current: () => { person: Person; answer: Answer };
  /** Changes what stands in the discovery document. */
  editDiscovery?: (document: Record<string, unknown>) => void;
  /** Changes how the browser comes back to the service. */
  editReturn?: (url: URL) => void;
}

export type ProviderHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export const INTERACTION = '/interaction/';

/** An oidc-provider as a request handler: logs in whoever is before the browser, without asking for a password. */
export function openIdProvider(options: ProviderOptions): ProviderHandler {
  const { client, current, issuer } = options;
  const people = new Map<string, Person>();
  const provider = new Provider(issuer, {
    adapter: memoryAdapter(),
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [client.redirectUri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
    jwks: { keys: [options.key.privateJwk] },
    cookies: { keys: [randomUUID()] },
    claims: {
      openid: ['sub', 'acr', 'amr'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      ...options.claims,
    },
    acrValues: ['urn:example:second-factor'],
    // Claims stand in the ID token itself, as those of the providers that are played here.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 3600,
      Session: 3600,
    },
    ...(options.routes && { routes: options.routes }),
    interactions: {
      policy: policyFor(() => current().person),
      url: (_context: unknown, { uid }: { uid: string }) => INTERACTION + uid,
    },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => Promise.resolve({ ...people.get(sub), sub }),
    }),
    renderError: (context: { type: string; body: unknown }, out: Record<string, unknown>) => {
      context.type = 'json';
      context.body = out;
    },
  });
  provider.proxy = true;
  provider.use(async (context, next) => {
    await next();
    const location = context.response.get('location');
    if (context.path.endsWith('/.well-known/openid-configuration'))
      options.editDiscovery?.(context.body as Record<string, unknown>);
    else if (location?.startsWith(client.redirectUri)) {
      const url = new URL(location);
      options.editReturn?.(url);
      context.set('location', url.href);
    }
  });
  const callback = provider.callback();

  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const { params } = await provider.interactionDetails(request, response);
    const { person, answer } = current();
    if (answer === 'page' && request.method === 'GET') {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(page(request, person, issuer));
      return;
    }
    if (answer === 'deny' || request.url?.endsWith('/deny')) {
      const result = { error: 'access_denied', error_description: 'The person said no.' };
      await provider.interactionFinished(request, response, result);
      return;
    }
    people.set(person.sub, person);
    const grant = new provider.Grant({ accountId: person.sub, clientId: params['client_id'] });
    grant.addOIDCScope(params['scope'] ?? 'openid');
    await provider.interactionFinished(request, response, {
      login: { accountId: person.sub, acr: person.acr, amr: person.amr },
      consent: { grantId: await grant.save() },
    });
  };

  return async (request, response) => {
    try {
      await (request.url?.startsWith(INTERACTION) ? interact : callback)(request, response);
    } catch (error) {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    }
  };
}

/** Whoever logs in is asked every time: the browser may have another person before it than the last time. */
function policyFor(person: () => Person) {
  const policy = interactionPolicy.base();
  policy
    .get('login')
    .checks.add(
      new interactionPolicy.Check(
        'asked_every_time',
        'everybody is asked',
        ({ oidc }) => oidc.result?.login === undefined || oidc.session.accountId !== person().sub,
      ),
    );
  return policy;
}

function page(request: IncomingMessage, { name, sub }: Person, issuer: string): string {
  return `<!doctype html><title>Log in</title><h1>${issuer}</h1>
<form method="post" action="${request.url}"><button id="continue">Continue as ${name ?? sub}</button></form>
<form method="post" action="${request.url}/deny"><button id="deny">Cancel</button></form>`;
}
