import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AppConfig } from '../../config/app-config.js';
import { MalformedRequestError, UnsupportedMediaTypeError } from '../errors/common.errors.js';
import { toErrorAnswer } from '../errors/error-answer.js';
import { logAnswer, pathOf } from '../logging/request-log.js';
import type { RequestMetrics } from '../metrics/request-metrics.js';
import { requestContext } from '../logging/request-context.js';
import { answerWithLimits, limitHeaders } from '../rate-limits/limit-headers.js';
import { findClient, trustOf } from './find-client.js';
import { toPlainAddress } from './plain-address.js';
import { BODY_LIMIT, raiseBodyLimits, refuseTooLargeBodies } from './body-limits.js';
import { refuseOtherHosts } from './allowed-hosts.js';
import { parseFormBody } from './form-body.js';
import { parseJsonBody } from './json-body.js';
import { answerRawSocket } from './raw-socket-answer.js';
import type { RequestGate } from './request-gate.js';
import { requestIdOf } from './request-id.js';
import { securityHeadersFor } from './security-headers.js';
import { separateCredentials } from './separate-credentials.js';
import { userAgentOf } from './user-agent.js';

export const DOCS_PATH = '/mc101docs';

/** The one route that takes the OAuth2 password form. */
const FORM_ROUTE = /^(?:\/v1)?\/users\/login\/?$/;
const MAX_PARAM_LENGTH = 256;
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const TIMEOUTS_CHECKED_EVERY_MS = 5_000;

/**
 * Fastify as this service wants it: request ids, security headers, one log line a request and one error shape, also
 * for what Fastify answers by itself before any route is found.
 */
export function createAdapter(
  config: AppConfig,
  logger: Logger,
  metrics: RequestMetrics,
  gate: RequestGate,
): FastifyAdapter {
  // Its fields are fixed and hold nothing to redact.
  const accessLog = logger.child({}, { redact: [] });
  const isTrusted = trustOf(config.trustedProxies);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // For an asterisk Fastify would answer by itself, past every hook.
    rewriteUrl: ({ url = '/' }) => (url === '*' ? '/*' : url),
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    // Node would answer in a shape of its own; see refuseMalformed.
    http: {
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS,
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook runs for these, so the hooks' work is done here.
      request.limitVerdicts = [];
      const address = findClient(request.raw, isTrusted);
      decorateAnswer(request, reply);
      inContext(request, address, () => {
        const answer = (thrown: unknown) => {
          const { status, headers, body } = toErrorAnswer(thrown, request.id);
          void reply
            .status(status)
            .headers({ ...headers, ...limitHeaders(request.limitVerdicts) })
            .send(body);
          logAnswer(accessLog, request, reply);
          metrics.observe(request, reply);
          gate.settle(request, address, status);
        };
        gate.admit(request, address).then(() => {
          answer(error);
        }, answer);
      });
    },
    clientErrorHandler: (error, socket) => {
      const status = answerRawSocket(error, socket);
      if (status !== undefined) metrics.countUnreadable(status);
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  // RFC 9110 section 10.1.1 lets a server pass over an expectation that it does not know.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  fastify.decorateRequest('principal', null);
  raiseBodyLimits(fastify);
  addHooks(fastify, config, accessLog, metrics, gate);
  addBodyParsers(fastify);
  return adapter;
}

function addHooks(
  fastify: FastifyInstance,
  config: AppConfig,
  accessLog: Logger,
  metrics: RequestMetrics,
  gate: RequestGate,
): void {
  answerWithLimits(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    decorateAnswer(request, reply);
    inContext(request, addressOf(request), done);
  });
  separateCredentials(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => {
    gate.admit(request, addressOf(request)).then(() => {
      done();
    }, done);
  });
  fastify.addHook('onRequest', refuseMalformed);
  refuseOtherHosts(fastify, config.allowedHosts);
  refuseTooLargeBodies(fastify);
  fastify.addHook('onResponse', (request, reply, done) => {
    logAnswer(accessLog, request, reply);
    metrics.observe(request, reply);
    gate.settle(request, addressOf(request), reply.statusCode);
    done();
  });
}

function addressOf(request: FastifyRequest): string | null {
  return toPlainAddress(request.ip);
}

function inContext(request: FastifyRequest, address: string | null, serve: () => void): void {
  requestContext.run(
    { request_id: request.id, address, userAgent: userAgentOf(request), verdicts: request.limitVerdicts },
    serve,
  );
}

/** RFC 9112: an HTTP/1.1 request has a Host header (section 3.2), and its target has no fragment (section 3.2.1). */
function refuseMalformed({ raw }: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  if (raw.httpVersion === '1.1' && raw.headers.host === undefined) {
    done(new MalformedRequestError('The Host header is missing.'));
  } else if (raw.url?.includes('#')) {
    done(new MalformedRequestError('The address must not contain a fragment (#…).'));
  } else {
    done();
  }
}

function decorateAnswer(request: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(request.raw.url ?? '');
  const kind = path === DOCS_PATH || path.startsWith(`${DOCS_PATH}/`) ? 'docs' : 'api';
  void reply
    .headers(securityHeadersFor(kind, request.protocol === 'https'))
    .header('x-request-id', request.id);
}

/** JSON and, for the OAuth2 login form, URL-encoded. Anything else is a 415. */
function addBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const addParser = (type: string, parse: (body: Buffer, request: FastifyRequest) => unknown) => {
    fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      try {
        if (isEncodedOtherwise(request)) throw new UnsupportedMediaTypeError();
        done(null, parse(body, request));
      } catch (error) {
        done(error as Error);
      }
    });
  };
  addParser('application/json', parseJsonBody);
  addParser('application/x-www-form-urlencoded', (body, { routeOptions }) => {
    if (!FORM_ROUTE.test(routeOptions.url ?? '')) throw new UnsupportedMediaTypeError();
    return parseFormBody(body);
  });
}

/** Compressed, or in another character set than the one that JSON and forms are in here. */
function isEncodedOtherwise({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding'];
  const charset = /;\s*charset\s*=\s*"?([^;"\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
  return (
    (encoding !== undefined && encoding.toLowerCase() !== 'identity') ||
    (charset !== undefined && !['utf-8', 'utf8'].includes(charset.toLowerCase()))
  );
}
