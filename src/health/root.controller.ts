import { Controller, Get, Headers, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../common/http/public.decorator.js';
import { VERSION } from '../common/version.js';
import { ServiceInfo } from './health.dto.js';

const INFO: ServiceInfo = {
  message: 'MC101: private notes, and votes that count exactly once.',
  name: 'MC101',
  version: VERSION,
  docs: '/mc101docs',
  health: '/health',
};

@ApiTags('Service')
@Public()
@Controller({ version: VERSION_NEUTRAL })
export class RootController {
  /** What this is. A browser is led to the documentation. */
  @Get()
  root(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ServiceInfo {
    if (accept?.includes('text/html')) void reply.status(302).header('location', INFO.docs);
    return INFO;
  }
}
