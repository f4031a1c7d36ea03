import { ApiProperty } from '@nestjs/swagger';
import { CHECK_STATES, type CheckState } from '../common/readiness/readiness-checks.js';

const READY_STATES = ['ok', 'degraded', 'down'] as const;

export class ServiceInfo {
  /** @example "MC101: private notes and votes that count exactly once." */
  message!: string;
  /** @example "MC101" */
  name!: string;
  /** @example "0.1.0" */
  version!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: '/mc101docs',
    description: 'null where they are switched off.',
  })
  docs!: string | null;
  /** @example "/health" */
  health!: string;
}

export class HealthResponse {
  @ApiProperty({ enum: ['ok'] })
  status!: 'ok';
  /** @example "The service is running." */
  message!: string;
}

export class ReadyCheck {
  @ApiProperty({ enum: CHECK_STATES })
  status!: CheckState;
  /**
   * Since when it has been in this state.
   * @example "2026-01-05T09:30:00.000Z"
   */
  since!: Date;
  /**
   * What is wrong and what to do, where there is something to say.
   * @example "The database cannot be reached."
   */
  detail?: string;
}

export class ReadyChecks {
  database!: ReadyCheck;
  redis!: ReadyCheck;
  mail!: ReadyCheck;
  backup!: ReadyCheck;
  migrations!: ReadyCheck;
  keys!: ReadyCheck;
}

export class ReadyResponse {
  @ApiProperty({ enum: READY_STATES })
  status!: (typeof READY_STATES)[number];
  checks!: ReadyChecks;
}
