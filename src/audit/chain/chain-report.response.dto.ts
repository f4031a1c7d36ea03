import { ApiProperty } from '@nestjs/swagger';
import type { ChainReport } from './chain-verifier.service.js';

const HEAD = '3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b';

/** A seal, as somebody notes it elsewhere. */
export class ChainHeadResponse {
  /** @example 17 */
  number!: number;
  @ApiProperty({ example: HEAD })
  head!: string;
  @ApiProperty({ example: '2026-01-05T09:00:05.000000Z' })
  sealed_at!: string;
}

/** The first batch that is not as it was sealed. */
export class ChainBreakResponse {
  /** @example 12 */
  seal!: number;
  @ApiProperty({ example: 'entry_changed' })
  reason!: string;
  @ApiProperty({ example: 'Entry 4711 was changed.' })
  detail!: string;
  @ApiProperty({ type: Number, nullable: true, example: 4711 })
  entry_id!: number | null;
}

export class ChainReportResponse {
  /** @example true */
  is_intact!: boolean;
  @ApiProperty({ type: ChainBreakResponse, nullable: true, example: null })
  broken!: ChainBreakResponse | null;
  /** @example 17 */
  seals!: number;
  /** @example 4711 */
  entries!: number;
  /**
   * Entries that wait for their seal.
   * @example 2
   */
  unsealed!: number;
  @ApiProperty({
    type: ChainHeadResponse,
    nullable: true,
    description: 'The last seal: keep it elsewhere.',
    example: { number: 17, head: HEAD, sealed_at: '2026-01-05T09:00:05.000000Z' },
  })
  head!: ChainHeadResponse | null;
  @ApiProperty({
    type: ChainHeadResponse,
    nullable: true,
    example: null,
    description: 'The seal up to which old entries were deleted; null: none yet.',
  })
  anchor!: ChainHeadResponse | null;
  /** Keys of LOG_SIGNING_KEY that seals need. */
  @ApiProperty({ type: [String], example: ['k1'] })
  key_ids!: string[];
}

export function toChainReportResponse(report: ChainReport): ChainReportResponse {
  const { broken } = report;
  return {
    is_intact: report.isIntact,
    broken: broken
      ? { seal: broken.seal, reason: broken.reason, detail: broken.detail, entry_id: broken.entryId ?? null }
      : null,
    seals: report.seals,
    entries: report.entries,
    unsealed: report.unsealed,
    head: toHead(report.head),
    anchor: toHead(report.anchor),
    key_ids: report.keyIds,
  };
}

function toHead(head: ChainReport['head']): ChainHeadResponse | null {
  return head ? { number: head.number, head: head.head, sealed_at: head.sealedAt } : null;
}
