import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface KeptAliveAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: any;
}

/** A request that got no whole answer. */
export class BrokenRequest extends Error {
  constructor(
    /** Whether the answer had begun. */
    readonly hadAnswer: boolean,
    readonly code: string | undefined,
  ) {
    super(`broken off ${hadAnswer ? 'within' : 'before'} its answer (${code ?? 'unknown'})`);
  }
}

/** Someone who keeps one connection for all of their requests, and never sends one twice. */
export class KeptAliveClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly port: number,
    private readonly token?: string,
  ) {}

  /** @throws BrokenRequest */
  send(method: string, path: string, body?: unknown): Promise<KeptAliveAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: this.port,
        agent: this.agent,
        method,
        path,
        headers: {
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      sent.once('error', (error: NodeJS.ErrnoException) => {
        reject(new BrokenRequest(false, error.code));
      });
      sent.once('response', (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        response.once('error', (error: NodeJS.ErrnoException) => {
          reject(new BrokenRequest(true, error.code));
        });
        response.once('end', () => {
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: answer === '' ? undefined : JSON.parse(answer),
          });
        });
      });
      sent.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
