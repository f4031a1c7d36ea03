import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorReports } from '../error-reporting/error-reports.js';
import { wasBrokenOffByDatabase } from './database-unavailable.js';
import { toErrorAnswer } from './error-answer.js';

/** The one place where a thrown value becomes an answer. What is our fault is logged and reported here, once. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('errors');

  constructor(private readonly reports: ErrorReports) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = toErrorAnswer(thrown, request.id);
    if (answer.body.error.code === 'DATABASE_UNAVAILABLE')
      this.logger.warn({ err: thrown }, 'the database cannot be reached');
    else if (wasBrokenOffByDatabase(thrown))
      this.logger.warn({ err: thrown }, 'the database broke a statement off');
    else if (answer.status >= 500 && answer.body.error.code !== 'BUSY') {
      this.logger.error({ err: thrown }, 'a request failed');
      this.reports.report(thrown, { requestId: request.id, route: request.routeOptions.url });
    }
    if (reply.sent) return;
    void reply.status(answer.status).headers(answer.headers).send(answer.body);
  }
}
