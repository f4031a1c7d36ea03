import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { pathOf } from '../logging/request-log.js';
import type { Metrics } from './metrics.js';

export interface MetricsServer {
  /** Where the metrics are read. */
  url: string;
  close: () => Promise<void>;
}

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Answers `GET /metrics` and nothing else, on a port of its own: whoever reaches it needs no token.
 * @param address port 0 takes any free one
 * @throws the system's error when the address cannot be listened on
 */
export async function openMetricsServer(
  address: { host: string; port: number },
  metrics: Metrics,
): Promise<MetricsServer> {
  const logger = new Logger('metrics');
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      answer(metrics, request, response).catch((error: unknown) => {
        logger.error({ event_type: 'metrics_failed', err: error }, 'the metrics could not be read');
        response.destroy();
      });
    },
  );
  await listen(server, address);
  metrics.observeProcess();
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${port}/metrics`, close: () => close(server) };
}

async function answer(metrics: Metrics, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (pathOf(request.url ?? '') !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('The metrics are at /metrics.\n');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { 'content-type': 'text/plain', allow: 'GET, HEAD' }).end('Only GET.\n');
  } else {
    const text = await metrics.expose();
    response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text);
  }
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
