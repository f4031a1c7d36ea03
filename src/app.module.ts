import { Module, type DynamicModule } from '@nestjs/common';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import type { Metrics } from './common/metrics/metrics.js';
import { BackupModule } from './backup/backup.module.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { KeysModule } from './keys/keys.module.js';
import { MailModule } from './mail/mail.module.js';
import { NotesModule } from './notes/notes.module.js';
import { UsersModule } from './users/users.module.js';
import { VotingModule } from './voting/voting.module.js';

/** The module map. Each line may use only those above it. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, metrics?: Metrics): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config, metrics),
        DatabaseModule.forRoot(),
        KeysModule,
        AuditModule,
        MailModule,
        UsersModule,
        AuthModule,
        NotesModule,
        VotingModule,
        BackupModule,
        HealthModule,
      ],
    };
  }
}
