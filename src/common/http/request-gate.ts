import type { FastifyRequest } from 'fastify';

/**
 * What looks at every request before anything else is done with it, with the client's address as far as it can be
 * believed. It is known only once the modules are made.
 */
export class RequestGate {
  /** @throws whatever is to be answered in place of what was asked for */
  admit: (request: FastifyRequest, address: string | null) => Promise<void> = () => Promise.resolve();

  /** Told when the answer is on its way. Must not fail. */
  settle: (request: FastifyRequest, address: string | null, status: number) => void = () => undefined;
}
