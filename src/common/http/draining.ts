import type { Server as HttpServer } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceStoppingError } from '../errors/common.errors.js';
import { withinTime } from '../within-time.js';

/** How long connections on which nothing happens stay open, so that a request on its way meets an answer. */
const LINGER_MS = 500;
/** Longer than deploy/nginx keeps an idle connection to the app, so that it is always the one that closes. */
export const LINGER_BEHIND_PROXY_MS = 3_000;
const CLOSE_IDLE_EVERY_MS = 50;

/** Whether the service is stopping, and the way there: it ends what it has begun. */
@Injectable()
export class Draining implements OnModuleDestroy {
  private begun = false;
  private server: HttpServer | undefined;
  private lingerMs = LINGER_MS;
  private readonly connections = new Set<Socket>();

  get hasBegun(): boolean {
    return this.begun;
  }

  /** To be called before the server listens. */
  watch(server: HttpServer, isBehindProxy: boolean): void {
    this.server = server;
    if (isBehindProxy) this.lingerMs = LINGER_BEHIND_PROXY_MS;
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  onModuleDestroy(): void {
    this.begun = true;
  }

  /**
   * Takes no connection any more, and waits for the answers to the requests that were begun.
   * @returns whether all of them were answered, at most `limitMs` after connections were left alone for a moment
   */
  async drain(limitMs: number): Promise<boolean> {
    this.begun = true;
    const { server } = this;
    if (!server?.listening) return true;
    // Who has connected already is let in first; closing the port would cut them off.
    await setImmediate();
    const closed = new Promise<true>((resolve) => {
      // Not the one of HTTP, which cuts idle connections at once: a request may be on its way on them.
      NetServer.prototype.close.call(server, () => {
        resolve(true);
      });
    });
    if (await withinTime(closed, this.lingerMs)) return true;
    this.closeUnused(server);
    const sweep = setInterval(() => {
      this.closeUnused(server);
    }, CLOSE_IDLE_EVERY_MS);
    try {
      return (await withinTime(closed, limitMs)) ?? false;
    } finally {
      clearInterval(sweep);
    }
  }

  /** Node does not count a connection as idle on which nothing was ever sent. */
  private closeUnused(server: HttpServer): void {
    server.closeIdleConnections();
    for (const socket of this.connections) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** What balancers and supervisors ask: answered to the end. */
const STILL_ANSWERED = /^(?:\/v1)?\/(?:health|ready)$/;

/**
 * While the service stops, a request that comes on a connection from before is refused before anything of it was
 * done, so that it can be sent again elsewhere, and every answer closes its connection. Behind a proxy it is served:
 * a proxy must not send a POST again, so its client would see an error for which there is no need.
 */
export function refuseWhileDraining(
  fastify: FastifyInstance,
  draining: Draining,
  isBehindProxy: boolean,
): void {
  draining.watch(fastify.server, isBehindProxy);
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isBehindProxy || !draining.hasBegun || STILL_ANSWERED.test(request.routeOptions.url ?? '')) {
      done();
      return;
    }
    afterBody(request, () => {
      done(new ServiceStoppingError());
    });
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.hasBegun) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** Closing the connection under a client that is still sending would be all that it sees, and not the answer. */
function afterBody({ headers, raw }: FastifyRequest, refuse: () => void): void {
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) refuse();
  else raw.once('end', refuse).resume();
}
