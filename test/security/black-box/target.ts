import net from 'node:net';
import tls from 'node:tls';
import { ApiClient, type Answer } from '../../support/api-client.js';
import { startTestServer } from '../../support/test-server.js';
import { operationsOf, type OpenApiDocument, type Operation } from '../../support/operations.js';

/** After which a client that got no answer hangs up. */
const PATIENCE_MS = 2_000;
const RETRIES = 5;

export interface Self {
  email: string;
  token: string;
  role: string;
}

/**
 * The service as an attacker from outside meets it: one that runs already (MC101_TARGET), or one that the test starts.
 * Whatever is done to it changes nothing but an account of its own, and waits where it is told to slow down.
 */
export class Target {
  private constructor(
    readonly url: string,
    readonly self: Self,
    readonly operations: Operation[],
    private readonly leave: () => Promise<void>,
  ) {}

  static async open(): Promise<Target> {
    const running = process.env['MC101_TARGET'];
    const server = running === undefined ? await startTestServer() : undefined;
    const url = (running ?? server!.url).replace(/(?<!\/)\/+$/, '');
    const { email, token } = server ? await server.signUp() : accountOfCommand();
    const api = new ApiClient(url, token);
    const { role } = (await patiently(() => api.get('/users/info'))).body as Self;
    const document = await patiently(() => api.get('/mc101docs-json'));
    return new Target(
      url,
      { email, token, role },
      operationsOf(document.body as OpenApiDocument),
      async () => {
        await server?.close();
      },
    );
  }

  /** Asks as this token's owner, or as nobody. */
  ask(method: string, path: string, { token, body, headers }: Asked = {}): Promise<Answer> {
    const client = new ApiClient(this.url, token);
    return patiently(() => client.request(method, path, body, { headers }));
  }

  get host(): string {
    return new URL(this.url).host;
  }

  /** Writes these bytes and reads until the server closes; hangs up when it stays silent. */
  async send(bytes: string): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const text = await this.exchange(bytes);
      const wait = /^HTTP\/1\.1 429 .*?^retry-after: (\d+)/ims.exec(text)?.[1];
      if (wait === undefined || attempt === RETRIES) return text;
      await seconds(Number(wait));
    }
  }

  close(): Promise<void> {
    return this.leave();
  }

  private exchange(bytes: string): Promise<string> {
    const { protocol, hostname: host, port } = new URL(this.url);
    const place = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
    return new Promise((resolve, reject) => {
      const socket = protocol === 'https:' ? tls.connect({ ...place, servername: host }) : net.connect(place);
      let text = '';
      socket.write(bytes, 'latin1');
      socket.setTimeout(PATIENCE_MS, () => socket.destroy());
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
      });
      socket.once('close', () => {
        resolve(text);
      });
    });
  }
}

interface Asked {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Made before Jest starts, by scripts/security: were it refused here, every attack would seem to have got through. */
function accountOfCommand(): Pick<Self, 'email' | 'token'> {
  const { MC101_TARGET_EMAIL: email, MC101_TARGET_TOKEN: token } = process.env;
  if (email === undefined || token === undefined)
    throw new Error('Attack a running service by npm run security -- URL.');
  return { email, token };
}

async function patiently(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask();
    if (answer.status !== 429 || attempt === RETRIES) return answer;
    await seconds(Number(answer.headers.get('retry-after') ?? 1));
  }
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1_000));
}
