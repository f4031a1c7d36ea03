import https from 'node:https';

export interface SiteAnswer {
  status: number;
  /** One pair for each line, so that what is sent twice shows. */
  headerLines: [name: string, value: string][];
  header: (name: string) => string | undefined;
  /** Parsed JSON, the text of anything else, undefined for an empty body. */
  body: any;
}

export interface Site {
  /** Name of the service, for TLS and Host. */
  name: string;
  port: number;
  /** Trusted for it. */
  certificate: string;
}

interface RequestOptions {
  headers?: Record<string, string>;
  /** Sent as it is instead of JSON. */
  rawBody?: string | Buffer;
}

/** A client of the site, over TLS, from an address of its own, as nobody or with a token. */
export class HttpsClient {
  private constructor(
    private readonly site: Site,
    private readonly address: string,
    private readonly agent: https.Agent,
    private readonly token?: string,
  ) {}

  /** @param address any of 127.0.0.0/8 */
  static at(address: string, site: Site): HttpsClient {
    return new HttpsClient(site, address, new https.Agent({ keepAlive: true }));
  }

  as({ token }: { token: string }): HttpsClient {
    return new HttpsClient(this.site, this.address, this.agent, token);
  }

  get(path: string, options?: RequestOptions): Promise<SiteAnswer> {
    return this.request('GET', path, undefined, options);
  }

  post(path: string, body?: unknown, options?: RequestOptions): Promise<SiteAnswer> {
    return this.request('POST', path, body, options);
  }

  request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<SiteAnswer> {
    const { name, port, certificate } = this.site;
    const content = options.rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const request = https.request(
        {
          ...{ host: '127.0.0.1', port, servername: name, ca: certificate },
          ...{ localAddress: this.address, agent: this.agent, method, path },
          headers: {
            host: name,
            ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
            ...(content === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
            ...options.headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const body = Buffer.concat(chunks).toString();
            resolve(toSiteAnswer(response.statusCode!, inPairs(response.rawHeaders), body));
          });
        },
      );
      request.once('error', reject);
      request.end(content);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

export function toSiteAnswer(status: number, headerLines: [string, string][], text: string): SiteAnswer {
  const header = (wanted: string) => headerLines.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const isJson = header('content-type')?.startsWith('application/json') ?? false;
  return { status, headerLines, header, body: text === '' ? undefined : isJson ? JSON.parse(text) : text };
}

function inPairs(raw: string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, n) => [raw[2 * n]!, raw[2 * n + 1]!]);
}
