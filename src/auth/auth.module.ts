import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UsersModule } from '../users/users.module.js';
import { AccountsService } from './accounts.service.js';
import { AdminAccountsService } from './admin-accounts.service.js';
import { AuthController } from './auth.controller.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { LogInService } from './log-in.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { RolesGuard } from './roles.guard.js';
import { RefreshToken } from './sessions/refresh-token.entity.js';
import { Session } from './sessions/session.entity.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { AccessTokensService } from './tokens/access-tokens.service.js';
import { RefreshTokensService } from './tokens/refresh-tokens.service.js';

@Module({
  imports: [UsersModule, TypeOrmModule.forFeature([Session, RefreshToken])],
  controllers: [AuthController],
  providers: [
    AccountsService,
    AdminAccountsService,
    LogInService,
    PasswordHasher,
    PasswordPolicy,
    SessionsRepository,
    AccessTokensService,
    RefreshTokensService,
    // In this order: who is it, then may they.
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  exports: [AccountsService, AdminAccountsService, PasswordHasher],
})
export class AuthModule {}
