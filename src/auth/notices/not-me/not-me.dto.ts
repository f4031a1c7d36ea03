import { ApiProperty } from '@nestjs/swagger';
import { IsText } from '../../../common/http/text.decorator.js';

export class NotMeRequest {
  /** What the link carries behind the `#`. */
  @IsText({ max: 200 })
  @ApiProperty({ example: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' })
  token!: string;
}
