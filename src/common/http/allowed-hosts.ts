import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { MalformedRequestError, MisdirectedRequestError } from '../errors/common.errors.js';

/** Balancers and supervisors ask by address. */
const ASKED_BY_ADDRESS = /^(?:\/v1)?\/(?:health|ready)\/?$/;

const LOOPBACK_NAME = /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_ADDRESS = /^(?:(?:::ffff:)?127\.|::1$)/i;

/**
 * Refuses a request for a host that is not this service (DNS rebinding, a proxy that passes on what it should not).
 * Nothing here is built from the Host header; this keeps it so for whatever stands before the service.
 *
 * @param names without a port; whoever asks from this machine may also call it by a loopback name
 */
export function refuseOtherHosts(fastify: FastifyInstance, names: readonly string[]): void {
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  fastify.addHook('onRequest', ({ raw, routeOptions }, _reply, done) => {
    const hosts = hostsOf(raw);
    const isOurs = (host: string) =>
      allowed.has(host) || (LOOPBACK_NAME.test(host) && comesFromHere(raw.socket));
    if (hosts === undefined) done(new MalformedRequestError('The Host header is none.'));
    else if (ASKED_BY_ADDRESS.test(routeOptions.url ?? '') || hosts.every(isOurs)) done();
    else done(new MisdirectedRequestError());
  });
}

function comesFromHere(socket: Socket): boolean {
  return LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '');
}

/**
 * Each host that a request names: in its header, and in a target in absolute form, which stands above the header
 * (RFC 9112 section 3.2.2). HTTP/1.0 may name none. Undefined where one of them is no host.
 */
function hostsOf({ headers, url = '' }: IncomingMessage): string[] | undefined {
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  const hosts = [headers.host, target].filter((authority) => authority !== undefined).map(hostIn);
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}

/** The host of an authority as URLs have it: in lower case, without port and without a dot at its end. */
function hostIn(authority: string): string | undefined {
  const host = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{0,5})?$/i.exec(authority)?.[1];
  return host?.toLowerCase();
}
