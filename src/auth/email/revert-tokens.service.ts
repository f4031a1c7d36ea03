import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { OpaqueTokens } from '../tokens/opaque-tokens.js';

/** What the way back of a change of address carries, for one mailbox alone. */
@Injectable()
export class RevertTokens extends OpaqueTokens {
  constructor(config: AppConfig) {
    super(config, 'mc101/email-revert-lookup/v1');
  }
}
