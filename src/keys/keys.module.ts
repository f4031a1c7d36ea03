import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyCanary } from './key-canary.entity.js';
import { KeyEvents } from './key-events.js';
import { KeysRepository } from './keys.repository.js';
import { KeysService } from './keys.service.js';
import { KeyExportService } from './recovery/key-export.service.js';
import { ServiceKey } from './service-key.entity.js';
import { ServiceKeysService } from './service-keys.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([KeyCanary, ServiceKey])],
  providers: [KeyEvents, KeysRepository, KeysService, KeyExportService, ServiceKeysService],
  exports: [KeyEvents, KeysService, KeyExportService, ServiceKeysService],
})
export class KeysModule {}
