import { Controller, Get, Headers, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiFoundResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../common/http/public.decorator.js';
import { VERSION } from '../common/version.js';
import { AppConfig } from '../config/app-config.js';
import { ServiceInfo } from './health.dto.js';

const DOCS = '/mc101docs';

@ApiTags('Service')
@Controller({ version: VERSION_NEUTRAL })
export class RootController {
  private readonly info: ServiceInfo;

  constructor(config: AppConfig) {
    this.info = {
      message: 'MC101: private notes, and votes that count exactly once.',
      name: 'MC101',
      version: VERSION,
      docs: config.docsEnabled ? DOCS : null,
      health: '/health',
    };
  }

  /** What this is. A browser is led to the documentation. */
  @ApiOkResponse({ type: ServiceInfo, description: 'Where to go from here.' })
  @ApiFoundResponse({
    type: ServiceInfo,
    description: 'The same, for who accepts text/html, where there is a documentation.',
    headers: { Location: { description: 'The documentation.', schema: { type: 'string', example: DOCS } } },
  })
  @Public()
  @Get()
  root(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ServiceInfo {
    const { docs } = this.info;
    if (docs !== null && accept?.includes('text/html')) void reply.status(302).header('location', docs);
    return this.info;
  }
}
