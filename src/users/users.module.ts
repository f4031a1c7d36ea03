import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { AddressesService } from './addresses.service.js';
import { AdminUsersController } from './admin-users.controller.js';
import { AdminUsersService } from './admin-users.service.js';
import { AccountExport } from './export/account-export.js';
import { ExportAccountService } from './export/export-account.service.js';
import { ExportController } from './export/export.controller.js';
import { ListOwnEventsService } from './own-events/list-own-events.service.js';
import { OwnEventsController } from './own-events/own-events.controller.js';
import { UserLifecycle } from './user-lifecycle.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';
import { VoterKey } from './voter-key.entity.js';
import { VoterKeysRepository } from './voter-keys.repository.js';
import { VoterKeysService } from './voter-keys.service.js';

@Module({
  imports: [KeysModule, AuditModule, MailModule, TypeOrmModule.forFeature([User, VoterKey])],
  controllers: [UsersController, AdminUsersController, ExportController, OwnEventsController],
  providers: [
    UsersRepository,
    UsersService,
    AddressesService,
    AdminUsersService,
    VoterKeysRepository,
    VoterKeysService,
    UserLifecycle,
    AccountExport,
    ExportAccountService,
    ListOwnEventsService,
  ],
  exports: [UsersService, AddressesService, UserLifecycle, AccountExport],
})
export class UsersModule {}
