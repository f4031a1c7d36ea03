import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { AdminUsersController } from './admin-users.controller.js';
import { AdminUsersService } from './admin-users.service.js';
import { UserLifecycle } from './user-lifecycle.js';
import { User } from './user.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';
import { VoterKey } from './voter-key.entity.js';
import { VoterKeysRepository } from './voter-keys.repository.js';
import { VoterKeysService } from './voter-keys.service.js';

@Module({
  imports: [KeysModule, TypeOrmModule.forFeature([User, VoterKey])],
  controllers: [UsersController, AdminUsersController],
  providers: [
    UsersRepository,
    UsersService,
    AdminUsersService,
    VoterKeysRepository,
    VoterKeysService,
    UserLifecycle,
  ],
  exports: [UsersService, UserLifecycle],
})
export class UsersModule {}
