import { IsText } from '../../common/http/text.decorator.js';

const MAX_NAME = 100;

/** What an owner calls a passkey. */
export const IsPasskeyName = () => IsText({ max: MAX_NAME });

export class RenamePasskeyRequest {
  /** @example "Work laptop" */
  @IsPasskeyName()
  name!: string;
}
