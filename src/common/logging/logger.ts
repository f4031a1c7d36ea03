import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { isError } from '../errors/is-error.js';
import { requestContext } from './request-context.js';
import { serializeError } from './serialize-error.js';

/** Fields that never reach a log, wherever someone puts them. */
const REDACTED = [
  'password',
  'current_password',
  'new_password',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'secret',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** One JSON object a line on `stream` (stdout): `timestamp`, `level`, `message`, and the request's id while one is served. */
export function createLogger(level: Level, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: undefined,
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // A copy: pino writes a line's own fields into it, which the request's next line would then carry too.
      mixin: () => ({ request_id: requestContext.getStore()?.request_id }),
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { err: serializeError },
    },
    stream ?? pino.destination({ sync: false, fd: 1 }),
  );
}

type Detail = Record<string, unknown>;

/** Lets Nest and `new Logger('context')` write through pino: `logger.warn({ detail }, 'what happened')` or plain text. */
export class PinoNestLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log = (message: unknown, ...rest: unknown[]) => {
    this.write('info', message, rest);
  };
  error = (message: unknown, ...rest: unknown[]) => {
    this.write('error', message, rest);
  };
  warn = (message: unknown, ...rest: unknown[]) => {
    this.write('warn', message, rest);
  };
  debug = (message: unknown, ...rest: unknown[]) => {
    this.write('debug', message, rest);
  };
  verbose = (message: unknown, ...rest: unknown[]) => {
    this.write('trace', message, rest);
  };
  fatal = (message: unknown, ...rest: unknown[]) => {
    this.write('fatal', message, rest);
  };

  /** Nest's own account of what it loads and maps is for whoever debugs the start. */
  private static readonly FRAMEWORK = new Set([
    'NestFactory',
    'InstanceLoader',
    'RoutesResolver',
    'RouterExplorer',
    'NestApplication',
  ]);

  /** Whoever called listen() has the same error, and tells it in a sentence. */
  private static readonly LISTEN_FAILURE = /^Error: listen E[A-Z]+/;

  /** Nest hands over (message, ...details, context); the context is the last string. */
  private write(requested: Exclude<Level, 'silent'>, first: unknown, rest: unknown[]): void {
    const words = rest.filter((value): value is string => typeof value === 'string');
    const logger = words.at(-1);
    if (logger === 'NestApplication' && PinoNestLogger.LISTEN_FAILURE.test(String(first))) return;
    const level = requested === 'info' && PinoNestLogger.FRAMEWORK.has(logger ?? '') ? 'debug' : requested;
    if (isError(first)) {
      this.pino[level]({ err: first, logger }, first.message);
    } else if (typeof first === 'object' && first !== null) {
      this.pino[level]({ ...(first as Detail), logger }, words.length > 1 ? words[0] : '');
    } else if (words.length > 1 && level === 'error') {
      this.pino[level]({ logger, stack: words[0] }, String(first));
    } else {
      this.pino[level]({ logger }, String(first));
    }
  }
}
