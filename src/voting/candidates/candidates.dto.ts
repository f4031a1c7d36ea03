import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, Matches, Max, Min } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { IfGiven } from '../../common/http/if-given.decorator.js';
import { PagingQuery } from '../../common/http/paging.dto.js';
import { QueryInteger } from '../../common/http/query-integer.decorator.js';
import { IsText } from '../../common/http/text.decorator.js';

const DEFAULT_PARTY = 'independent';

/** The highest id that a client may choose. */
const MAX_CHOSEN_ID = 2 ** 31;

const IsVisibleText = (max: number) =>
  applyDecorators(IsText({ max }), Matches(/\S/u, { message: 'must not consist of white space' }));

export class CreateCandidateRequest {
  /**
   * 1 to 200 characters. No two candidates of an election may differ only in case and white space.
   * @example "Grace Hopper"
   */
  @IsVisibleText(200)
  name!: string;

  /**
   * 1 to 100 characters.
   * @example "independent"
   */
  @IsVisibleText(100)
  @ApiProperty({ required: false, default: DEFAULT_PARTY })
  party: string = DEFAULT_PARTY;

  /** For clients of the first API, which chose ids themselves. Left out, the service chooses. */
  @IfGiven()
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(MAX_CHOSEN_ID)
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_CHOSEN_ID, required: false, example: 7 })
  id?: number;

  /** Left out, the default election. */
  @IfGiven()
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', minimum: 1, required: false, example: 1 })
  election_id?: number;
}

export class UpdateCandidateRequest {
  /** @example "Grace Brewster Hopper" */
  @IfGiven()
  @IsVisibleText(200)
  @ApiProperty({ required: false })
  name?: string;

  /** @example "Navy" */
  @IfGiven()
  @IsVisibleText(100)
  @ApiProperty({ required: false })
  party?: string;

  /** A withdrawn candidate takes no new votes; those that it has stay counted. */
  @IfGiven()
  @IsBoolean({ message: 'must be true or false' })
  @ApiProperty({ required: false, example: true })
  withdrawn?: boolean;
}

export class ListCandidatesQuery extends PagingQuery {
  /**
   * Only the candidates of this election.
   * @example 1
   */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  election_id?: number;
}
