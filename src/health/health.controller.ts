import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { Public } from '../common/http/public.decorator.js';
import { HealthResponse, ReadyResponse } from './health.dto.js';
import { ReadinessService } from './readiness.service.js';

const ALIVE: HealthResponse = { status: 'ok', message: 'The service is running.' };

const OFF = { status: 'off', since: '2026-01-05T09:30:00.000Z' };
const UNKNOWN = { status: 'unavailable', since: '2026-01-06T18:00:00.000Z' };
/** As it is answered without a database. */
const DOWN = {
  status: 'down',
  checks: {
    database: {
      status: 'down',
      since: '2026-01-06T18:00:00.000Z',
      detail: 'The database cannot be reached.',
    },
    redis: OFF,
    mail: OFF,
    backup: OFF,
    migrations: UNKNOWN,
    keys: UNKNOWN,
  },
};

@ApiTags('Service')
@Controller()
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /** The process is alive. */
  @ApiAnswer('It answers, so it is alive.')
  @Public()
  @Get('health')
  health(): HealthResponse {
    return ALIVE;
  }

  /** Whether the service can do its work, part by part. */
  @ApiOkResponse({ type: ReadyResponse, description: 'The service can do its work; `degraded`: most of it.' })
  @ApiResponse({
    status: 503,
    description: 'A part without which nothing works is down, or the service is stopping.',
    type: ReadyResponse,
    example: DOWN,
  })
  @Public()
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyResponse> {
    const answer = await this.readiness.check();
    if (answer.status === 'down') void reply.status(503).header('retry-after', '2');
    return answer;
  }
}
