import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Pooler {
  /** The same role and database, by way of the pooler. */
  through: (url: string) => string;
  stop: () => Promise<void>;
}

const GREETING = 'K'.charCodeAt(0);

/**
 * A stand-in for PgBouncer in one respect: it greets each client with a process id of its own making (BackendKeyData),
 * and passes everything else on.
 * @param url of a server at a Unix socket
 */
export async function startPooler(url: string): Promise<Pooler> {
  const { host, port } = Object.fromEntries(new URLSearchParams(url.slice(url.indexOf('?') + 1)));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(`${host!}/.s.PGSQL.${port!}`);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    let pending = Buffer.alloc(0);
    upstream.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      // A type of one byte, then the length of the rest, itself included.
      while (pending.length >= 5 && pending.length >= 1 + pending.readUInt32BE(1)) {
        const message = pending.subarray(0, 1 + pending.readUInt32BE(1));
        pending = pending.subarray(message.length);
        if (message[0] === GREETING) message.writeUInt32BE(message.readUInt32BE(5) + 1, 5);
        client.write(message);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listening = (server.address() as AddressInfo).port;
  return {
    through: (given) => given.replace('@/', `@127.0.0.1:${listening}/`).replace(/\?.*$/, ''),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
