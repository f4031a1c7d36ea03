import { CodeInvalidError } from './mfa.errors.js';
import { WrongCurrentPasswordError } from '../auth.errors.js';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import { MessageResponse } from '../../common/http/message.response.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { WithoutSecondFactor } from '../../common/http/without-second-factor.decorator.js';
import { ApiProof } from './api-proof.decorator.js';
import { ProofRequest } from './mfa.dto.js';
import { StepUpService } from './step-up.service.js';

@ApiTags('Sessions')
@Controller('auth')
export class StepUpController {
  constructor(private readonly stepUps: StepUpService) {}

  /** Proves again who I am: for fifteen minutes this session may change what matters most. */
  @WithoutSecondFactor()
  @ApiProof()
  @ApiAnswer('The session is as good as after a login.')
  @HttpCode(200)
  @ApiErrors(new WrongCurrentPasswordError(), new CodeInvalidError(), 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY')
  @Post('step-up')
  async stepUp(@CurrentUser() user: Principal, @Body() proof: ProofRequest): Promise<MessageResponse> {
    await this.stepUps.stepUp(user, proof);
    return { message: 'Proven; sensitive changes are open for fifteen minutes.' };
  }
}
