import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../common/http/public.decorator.js';
import { HealthResponse, ReadyResponse } from './health.dto.js';
import { ReadinessService } from './readiness.service.js';

const ALIVE: HealthResponse = { status: 'ok', message: 'The service is running.' };

@ApiTags('Service')
@Public()
@Controller()
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  /** The process is alive. */
  @Get('health')
  health(): HealthResponse {
    return ALIVE;
  }

  /** Whether the service can do its work, part by part. */
  @ApiOkResponse({ type: ReadyResponse })
  @ApiResponse({
    status: 503,
    description: 'A part without which nothing works is down.',
    type: ReadyResponse,
  })
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyResponse> {
    const answer = await this.readiness.check();
    if (answer.status === 'down') void reply.status(503).header('retry-after', '2');
    return answer;
  }
}
