import { IsOptional } from 'class-validator';
import { IfGiven } from '../common/http/if-given.decorator.js';
import { IsEmailAddress, IsPersonName, IsUsername } from './account-fields.decorator.js';

export class UpdateProfileRequest {
  /** @example "Ada King" */
  @IfGiven()
  @IsPersonName()
  name?: string;

  /** `null` gives the username up. */
  @IsOptional()
  @IsUsername({ nullable: true })
  username?: string | null;

  @IfGiven()
  @IsEmailAddress()
  email?: string;
}
