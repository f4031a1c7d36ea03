import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { OpaqueTokens } from '../tokens/opaque-tokens.js';

/** What an invitation's link carries, for one person alone. */
@Injectable()
export class InvitationTokensService extends OpaqueTokens {
  constructor(config: AppConfig) {
    super(config, 'mc101/invitation-lookup/v1');
  }
}
