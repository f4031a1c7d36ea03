import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AppConfig } from '../../config/app-config.js';
import { MalformedRequestError, UnsupportedMediaTypeError } from '../errors/common.errors.js';
import { toErrorAnswer } from '../errors/error-answer.js';
import { STATUS_BY_CODE } from '../errors/error-codes.js';
import { logAnswer, pathOf } from '../logging/request-log.js';
import { requestContext } from '../logging/request-context.js';
import { parseFormBody } from './form-body.js';
import { parseJsonBody } from './json-body.js';
import { requestIdOf } from './request-id.js';
import { securityHeadersFor } from './security-headers.js';

export const DOCS_PATH = '/mc101docs';

const KIB = 1024;
const BODY_LIMIT = 64 * KIB;
/** A note of 1 MiB whose every byte is escaped as \u00xx, and room for the rest. */
const NOTE_BODY_LIMIT = 7 * KIB * KIB;
const NOTE_ROUTE = /^(?:\/v1)?\/users\/notes(?:\/|$)/;
/** The one route that takes the OAuth2 password form. */
const FORM_ROUTE = /^(?:\/v1)?\/users\/login\/?$/;
const MAX_PARAM_LENGTH = 256;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Fastify as this service wants it: request ids, security headers, one log line a request and one error shape, also
 * for what Fastify answers by itself before any route is found.
 */
export function createAdapter(config: AppConfig, logger: Logger): FastifyAdapter {
  // Its fields are fixed and hold nothing to redact.
  const accessLog = logger.child({}, { redact: [] });
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    // Node would answer in a shape of its own; see refuseWithoutHost.
    http: { requireHostHeader: false },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      // No hook runs for these, so the hooks' work is done here.
      decorateAnswer(request, reply);
      const { status, headers, body } = toErrorAnswer(error, request.id);
      void reply.status(status).headers(headers).send(body);
      logAnswer(accessLog, request, reply);
    },
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
      answerRawSocket(error, socket);
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  // RFC 9110 section 10.1.1 lets a server pass over an expectation that it does not know.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  fastify.decorateRequest('principal', null);
  addHooks(fastify, accessLog);
  addBodyParsers(fastify);
  return adapter;
}

function addHooks(fastify: FastifyInstance, accessLog: Logger): void {
  fastify.addHook('onRoute', (route) => {
    if (NOTE_ROUTE.test(route.url)) route.bodyLimit = NOTE_BODY_LIMIT;
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    decorateAnswer(request, reply);
    requestContext.run({ request_id: request.id }, done);
  });
  fastify.addHook('onRequest', refuseWithoutHost);
  fastify.addHook('onResponse', (request, reply, done) => {
    logAnswer(accessLog, request, reply);
    done();
  });
}

/** RFC 9112 section 3.2: without a Host header an HTTP/1.1 request is a 400. */
function refuseWithoutHost(
  { raw }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const isMissing = raw.httpVersion === '1.1' && raw.headers.host === undefined;
  done(isMissing ? new MalformedRequestError('The Host header is missing.') : undefined);
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

/** What Node refuses before there is a request: broken HTTP, headers past the limit, a request that never ends. */
function answerRawSocket(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, phrase] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['HEADERS_TOO_LARGE', 'Request Header Fields Too Large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['REQUEST_TIMEOUT', 'Request Timeout'] as const)
        : (['MALFORMED_REQUEST', 'Bad Request'] as const);
  const requestId = requestIdOf({ headers: {} });
  const body = JSON.stringify({
    error: { code, message: 'The request could not be read as HTTP.', details: {}, request_id: requestId },
  });
  const headers = { ...securityHeadersFor('api', false), 'x-request-id': requestId };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(
    [
      `HTTP/1.1 ${STATUS_BY_CODE[code]} ${phrase}`,
      ...lines,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
