import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPlainServer, request as forward, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { Authority } from '../certificates.js';
import type { HostPorts } from './hosts.js';

const DAY_MS = 86_400_000;

export interface TlsFront {
  /** Arguments that make Chromium find the hosts here, and trust what it finds. */
  chromiumArgs: string[];
  /** Environment that makes a process of Node find the hosts here, and trust their authority. */
  processEnv: Record<string, string>;
  stop(): Promise<void>;
}

/**
 * The same hosts as with `mapHosts`, over TLS: for browsers and processes, whose `fetch` is their own. Needs openssl.
 */
export async function startTlsFront(ports: HostPorts): Promise<TlsFront> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mc101-hosts-'));
  const authority = await Authority.make(folder);
  const now = Date.now();
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  for (const host of Object.keys(ports))
    contexts.set(
      host,
      createSecureContext(await authority.sign(host, new Date(now - DAY_MS), new Date(now + DAY_MS))),
    );
  const front = createServer(
    {
      SNICallback: (host, done) => {
        done(null, contexts.get(host));
      },
    },
    forwarding(ports),
  );
  const frontPort = await listen(front);
  const proxy = connectProxy(new Set(Object.keys(ports)), frontPort);
  const proxyUrl = `http://127.0.0.1:${await listen(proxy.server)}`;
  return {
    chromiumArgs: [
      `--host-resolver-rules=${Object.keys(ports)
        .map((host) => `MAP ${host}:443 127.0.0.1:${frontPort}`)
        .join(', ')}`,
      '--ignore-certificate-errors',
    ],
    processEnv: {
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: '127.0.0.1,localhost',
      NODE_EXTRA_CA_CERTS: authority.file,
    },
    stop: async () => {
      proxy.hangUp();
      front.closeAllConnections();
      await Promise.all([close(front), close(proxy.server)]);
      await rm(folder, { recursive: true });
    },
  };
}

function forwarding(ports: HostPorts): RequestListener {
  return (request, response) => {
    const host = (request.headers.host ?? '').replace(/:443$/, '');
    const onward = forward(
      {
        port: ports[host],
        host: '127.0.0.1',
        method: request.method,
        path: request.url,
        headers: { ...request.headers, 'x-forwarded-host': host, 'x-forwarded-proto': 'https' },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    onward.once('error', () => {
      response.destroy();
    });
    request.pipe(onward);
  };
}

/** RFC 9110 section 9.3.6, to the hosts that are played here and to nowhere else. */
function connectProxy(hosts: Set<string>, frontPort: number): { server: Server; hangUp: () => void } {
  const sockets = new Set<Socket>();
  const server = createPlainServer().on('connect', (request: { url?: string }, socket: Socket) => {
    const [host = '', port] = (request.url ?? '').split(':');
    if (!hosts.has(host) || port !== '443') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const tunnel = connect(frontPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      tunnel.pipe(socket).pipe(tunnel);
    });
    for (const end of [socket, tunnel]) {
      sockets.add(end);
      end.on('error', () => end.destroy()).on('close', () => sockets.delete(end));
    }
  });
  return {
    server,
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
