import http from 'node:http';

const DEADLINE_MS = 15_000;

interface RawRequest {
  method: string;
  /** The request target, as it goes over the wire. */
  target: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface RawAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/** Sends requests byte by byte as they are told: nothing is encoded, checked or completed on the way. */
export class RawClient {
  private readonly agent = new http.Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  /** @throws Error when the service closes the connection without an answer, or does not answer in time. */
  send({ method, target, headers = {}, body }: RawRequest): Promise<RawAnswer> {
    const { hostname, port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          agent: this.agent,
          hostname,
          port,
          method,
          path: target,
          timeout: DEADLINE_MS,
          headers: body === undefined ? headers : { 'content-length': Buffer.byteLength(body), ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            });
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
