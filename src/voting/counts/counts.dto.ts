import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';

export class CountsQuery {
  /** Left out, the default election. */
  @ValidateIf((_, value) => value !== undefined)
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', minimum: 1, required: false })
  election_id?: number;
}

/** A candidate's votes. */
export class CandidateCountResponse {
  /** @example 7 */
  candidate_id!: number;
  /** @example "Grace Hopper" */
  candidate_name!: string;
  /** @example 42 */
  vote_count!: number;
}
