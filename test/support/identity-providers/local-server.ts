import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Plain HTTP on a free port of 127.0.0.1. */
export interface LocalServer {
  port: number;
  origin: string;
  /** Ends it at once, with whatever hangs. */
  stop(): Promise<void>;
}

export async function listenLocally(handle: RequestListener, port = 0): Promise<LocalServer> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: actual } = server.address() as AddressInfo;
  return {
    port: actual,
    origin: `http://127.0.0.1:${actual}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
