import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorReports } from '../error-reporting/error-reports.js';
import { wasBrokenOffByDatabase } from './database-unavailable.js';
import { toErrorAnswer } from './error-answer.js';
import type { ErrorCode } from './error-codes.js';

const FORBIDDEN = 403;

/** No refusal but a question for the password, and what the guard of browsers records with the page that asked. */
const RECORDED_ELSEWHERE = new Set<ErrorCode>(['NOTE_PASSWORD_REQUIRED', 'CSRF_FAILED']);

/** That somebody was not allowed what they asked for. */
export interface Refusal {
  code: ErrorCode;
  method: string;
  /** As it was registered, with the names of its parameters. */
  route: string;
}

/** The one place where a thrown value becomes an answer. What is our fault is logged and reported here, once. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('errors');

  /** @param onRefused told of whoever was not allowed what they asked for, before they are */
  constructor(
    private readonly reports: ErrorReports,
    private readonly onRefused: (refusal: Refusal) => Promise<void>,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = toErrorAnswer(thrown, request.id);
    if (answer.body.error.code === 'DATABASE_UNAVAILABLE')
      this.logger.warn({ event_type: 'database_unavailable', err: thrown }, 'the database cannot be reached');
    else if (wasBrokenOffByDatabase(thrown))
      this.logger.warn(
        { event_type: 'statement_broken_off', err: thrown },
        'the database broke a statement off',
      );
    else if (answer.status >= 500 && answer.body.error.code !== 'BUSY') {
      this.logger.error({ event_type: 'request_failed', err: thrown }, 'a request failed');
      this.reports.report(thrown, { requestId: request.id, route: request.routeOptions.url });
    }
    const send = () => {
      if (!reply.sent) void reply.status(answer.status).headers(answer.headers).send(answer.body);
    };
    const { code } = answer.body.error;
    if (answer.status === FORBIDDEN && !RECORDED_ELSEWHERE.has(code))
      void this.tellRefusal(code, request).then(send);
    else send();
  }

  /** The refusal stands, whether or not it could be recorded. */
  private async tellRefusal(code: ErrorCode, { method, routeOptions }: FastifyRequest): Promise<void> {
    try {
      await this.onRefused({ code, method, route: routeOptions.url ?? '' });
    } catch (error) {
      this.logger.error({ event_type: 'authz_fail', err: error, code }, 'a refusal could not be recorded');
    }
  }
}
