import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { wasBrokenOffByDatabase } from './database-unavailable.js';
import { toErrorAnswer } from './error-answer.js';

/** The one place where a thrown value becomes an answer. What is our fault is logged here, once. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('errors');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const answer = toErrorAnswer(thrown, request.id);
    if (answer.body.error.code === 'DATABASE_UNAVAILABLE')
      this.logger.warn({ err: thrown }, 'the database cannot be reached');
    else if (wasBrokenOffByDatabase(thrown))
      this.logger.warn({ err: thrown }, 'the database broke a statement off');
    else if (answer.status >= 500 && answer.body.error.code !== 'BUSY')
      this.logger.error({ err: thrown }, 'a request failed');
    if (reply.sent) return;
    void reply.status(answer.status).headers(answer.headers).send(answer.body);
  }
}
