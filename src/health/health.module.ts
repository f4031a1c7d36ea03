import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { HealthController } from './health.controller.js';
import { HealthRepository } from './health.repository.js';
import { ReadinessMetrics } from './readiness-metrics.js';
import { ReadinessService } from './readiness.service.js';
import { RootController } from './root.controller.js';

@Module({
  imports: [KeysModule],
  controllers: [RootController, HealthController],
  providers: [HealthRepository, ReadinessService, ReadinessMetrics],
})
export class HealthModule {}
