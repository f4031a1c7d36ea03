import { ApiProperty } from '@nestjs/swagger';
import { IsText } from '../../common/http/text.decorator.js';
import { IsCode } from '../codes/is-code.decorator.js';

/** The code of a mail. */
export class EmailCodeRequest {
  @IsCode()
  code!: string;
}

export class RevertEmailRequest {
  /** What the link carries behind `#token=`. */
  @IsText({ max: 200 })
  @ApiProperty({ example: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' })
  token!: string;
}
