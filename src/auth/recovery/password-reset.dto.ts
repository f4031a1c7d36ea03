import { IsEmailAddress } from '../../users/account-fields.decorator.js';
import { IsNewPassword } from '../auth.dto.js';
import { IsCode } from '../codes/is-code.decorator.js';

export class RequestResetRequest {
  @IsEmailAddress()
  email!: string;
}

export class ConfirmResetRequest {
  @IsEmailAddress()
  email!: string;

  @IsCode()
  code!: string;

  /**
   * 8 to 128 characters, hard to guess.
   * @example "seven lanterns over a quiet harbour"
   */
  @IsNewPassword()
  new_password!: string;
}
