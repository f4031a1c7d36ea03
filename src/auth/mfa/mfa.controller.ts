import { CodeInvalidError } from './mfa.errors.js';
import { WrongCurrentPasswordError } from '../auth.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { Public } from '../../common/http/public.decorator.js';
import { WithoutSecondFactor } from '../../common/http/without-second-factor.decorator.js';
import { LoginResponse, toLoginResponse } from '../auth.dto.js';
import { Client, type ClientInfo } from '../client-info.decorator.js';
import { ApiCompleteLogin } from './api-complete-login.decorator.js';
import { ApiProof } from './api-proof.decorator.js';
import { CompleteLoginService } from './complete-login.service.js';
import { ManageMfaService } from './manage-mfa.service.js';
import {
  BackupCodesResponse,
  CompleteLoginRequest,
  ProofRequest,
  TotpCodeRequest,
  TotpSetupResponse,
  toTotpSetupResponse,
} from './mfa.dto.js';
import { EnrolTotpService } from './totp/enrol-totp.service.js';

const ApiTotpCode = () =>
  ApiBody({
    type: TotpCodeRequest,
    examples: { code: { summary: 'A code of the authenticator app', value: { code: '081804' } } },
  });

@ApiTags('Second factors')
@Controller('auth/mfa')
export class MfaController {
  constructor(
    private readonly enrolment: EnrolTotpService,
    private readonly management: ManageMfaService,
    private readonly completions: CompleteLoginService,
  ) {}

  /** Begins to set up an authenticator app. Nothing changes until a code of it is confirmed. */
  @WithoutSecondFactor()
  @ApiAnswer('What the app needs to know, shown once.')
  @HttpCode(200)
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'PASSKEY_LOGIN_REQUIRED', 'MFA_ALREADY_ENABLED')
  @Post('totp/setup')
  async setUp(@CurrentUser() user: Principal): Promise<TotpSetupResponse> {
    return toTotpSetupResponse(await this.enrolment.begin(user));
  }

  /** Puts the app in force: from now on a login needs a code. Every other session of mine ends. */
  @WithoutSecondFactor()
  @ApiTotpCode()
  @ApiAnswer('The backup codes, shown here and never again.')
  @HttpCode(200)
  @ApiErrors(
    new CodeInvalidError(),
    'REAUTHENTICATION_REQUIRED',
    'PASSKEY_LOGIN_REQUIRED',
    'MFA_SETUP_NOT_STARTED',
    'LOCKED_OUT',
    'RATE_LIMITED',
  )
  @Post('totp/confirm')
  async confirm(
    @CurrentUser() user: Principal,
    @Body() { code }: TotpCodeRequest,
  ): Promise<BackupCodesResponse> {
    return { backup_codes: await this.enrolment.confirm(user, code) };
  }

  /** Replaces my backup codes: the former ones are void. */
  @ApiTotpCode()
  @ApiAnswer('The new backup codes, shown here and never again.')
  @HttpCode(200)
  @ApiErrors(new CodeInvalidError(), 'MFA_NOT_ENABLED', 'LOCKED_OUT', 'RATE_LIMITED')
  @Post('backup-codes/regenerate')
  async replaceBackupCodes(
    @CurrentUser() user: Principal,
    @Body() { code }: TotpCodeRequest,
  ): Promise<BackupCodesResponse> {
    return { backup_codes: await this.management.replaceBackupCodes(user, code) };
  }

  /** Takes the authenticator app and its backup codes from my account. Every other session of mine ends. */
  @ApiProof()
  @ApiAnswer('A login needs the password alone again.')
  @HttpCode(200)
  @ApiErrors(
    new WrongCurrentPasswordError(),
    new CodeInvalidError(),
    'MFA_NOT_ENABLED',
    'LOCKED_OUT',
    'RATE_LIMITED',
    'BUSY',
  )
  @Post('disable')
  async disable(@CurrentUser() user: Principal, @Body() proof: ProofRequest): Promise<MessageResponse> {
    await this.management.disable(user, proof);
    return { message: 'The authenticator app is disabled; every other session has ended.' };
  }

  /** Completes a login with a second factor. */
  @Public()
  @ApiCompleteLogin()
  @ApiHeader({
    name: 'X-Device-Token',
    required: false,
    description: 'The `device_token` that an earlier login on this device answered.',
    example: 'cP0vN8yQx2LkRz6sWtB1mJ4hG7dF9aE3uI5oTqXnVbY',
  })
  @ApiAnswer('The tokens of a new session.')
  @HttpCode(200)
  @ApiErrors('MFA_TOKEN_INVALID', new CodeInvalidError(), 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('complete')
  async complete(
    @Body() request: CompleteLoginRequest,
    @Client() client: ClientInfo,
  ): Promise<LoginResponse> {
    return toLoginResponse(await this.completions.complete(request, 'bearer', client));
  }
}
