import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyCanary } from './key-canary.entity.js';
import { KeyEvents } from './key-events.js';
import { KeysRepository } from './keys.repository.js';
import { KeysService } from './keys.service.js';
import { KeyExportService } from './recovery/key-export.service.js';
import { ServiceKey } from './service-key.entity.js';
import { ServiceKeysService } from './service-keys.service.js';
import { TokenKeyRing } from './token-keys/token-key-ring.entity.js';
import { TokenKeyRingsRepository } from './token-keys/token-key-rings.repository.js';
import { TokenKeyRingsService } from './token-keys/token-key-rings.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([KeyCanary, ServiceKey, TokenKeyRing])],
  providers: [
    KeyEvents,
    KeysRepository,
    KeysService,
    KeyExportService,
    ServiceKeysService,
    TokenKeyRingsRepository,
    TokenKeyRingsService,
  ],
  exports: [KeyEvents, KeysService, KeyExportService, ServiceKeysService, TokenKeyRingsService],
})
export class KeysModule {}
