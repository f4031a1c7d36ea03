import { VersioningType, VERSION_NEUTRAL } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { AuditService } from './audit/audit.service.js';
import { ApiLimit } from './auth/throttling/api-limit.js';
import { RequestTokens } from './auth/tokens/request-tokens.js';
import { ErrorReports } from './common/error-reporting/error-reports.js';
import { MaintenanceWatch } from './backup/maintenance/maintenance-watch.service.js';
import { refuseDuringMaintenance } from './backup/maintenance/refuse-during-maintenance.js';
import { ErrorFilter } from './common/errors/error.filter.js';
import { requireTokenForLargeBodies } from './common/http/body-limits.js';
import { createAdapter } from './common/http/create-adapter.js';
import { Draining, refuseWhileDraining } from './common/http/draining.js';
import { RequestGate } from './common/http/request-gate.js';
import { createValidationPipe } from './common/http/validation.pipe.js';
import { PinoNestLogger } from './common/logging/logger.js';
import { Metrics } from './common/metrics/metrics.js';
import { RequestMetrics } from './common/metrics/request-metrics.js';
import { LimitStorages } from './common/rate-limits/limit-storages.js';
import type { AppConfig } from './config/app-config.js';
import { setUpSwagger } from './openapi/swagger.setup.js';

const EXPOSED_HEADERS = ['ETag', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-ID'];

const PREFLIGHT_SECONDS = 600;

/** The application as main.ts serves it and as the tests meet it: routes, pipes, filter, headers, versioning, docs. */
export async function createApp(config: AppConfig, logger: Logger): Promise<NestFastifyApplication> {
  const metrics = new Metrics();
  const gate = new RequestGate();
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, metrics),
    createAdapter(config, logger, new RequestMetrics(metrics), gate),
    {
      logger: new PinoNestLogger(logger),
      // Ours are registered by the adapter.
      bodyParser: false,
      abortOnError: false,
    },
  );
  const tokens = app.get(RequestTokens);
  requireTokenForLargeBodies(
    app.getHttpAdapter().getInstance(),
    (request) => tokens.claimsOf(request) !== undefined,
  );
  await app.get(LimitStorages).begin();
  app.get(ApiLimit).watch(gate);
  const isBehindProxy = config.trustedProxies.length > 0;
  refuseWhileDraining(app.getHttpAdapter().getInstance(), app.get(Draining), isBehindProxy);
  await refuseDuringMaintenance(app.getHttpAdapter().getInstance(), app.get(MaintenanceWatch));
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', VERSION_NEUTRAL] });
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(
    new ErrorFilter(app.get(ErrorReports), ({ code, method, route }) =>
      app.get(AuditService).recordRefusal({ code, method, route }),
    ),
  );
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...config.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [
        'Authorization',
        'Content-Type',
        'If-Match',
        'X-Note-Password',
        'X-Request-ID',
        'X-Device-Token',
      ],
      exposedHeaders: EXPOSED_HEADERS,
      credentials: false,
      maxAge: PREFLIGHT_SECONDS,
      strictPreflight: false,
      // After the hooks that give every answer its request id and security headers, preflights included.
      hook: 'preParsing',
    });
  }
  if (config.docsEnabled) await setUpSwagger(app);
  await app.init();
  await app.get(AuditService).prepare();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
