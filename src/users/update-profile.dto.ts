import { IsOptional, ValidateIf } from 'class-validator';
import { IsEmailAddress, IsPersonName, IsUsername } from './account-fields.decorator.js';

export class UpdateProfileRequest {
  @ValidateIf((_, value) => value !== undefined)
  @IsPersonName()
  name?: string;

  /** `null` gives the username up. */
  @IsOptional()
  @IsUsername({ nullable: true })
  username?: string | null;

  @ValidateIf((_, value) => value !== undefined)
  @IsEmailAddress()
  email?: string;
}
