import { Injectable } from '@nestjs/common';
import { OwnEventsService, type OwnEvent } from '../../audit/own-events.service.js';
import { decodeIdCursor, pageOf } from '../../common/http/cursor.js';
import type { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { AccountExport } from '../export/account-export.js';
import { readInPages } from '../export/read-in-pages.js';
import { toOwnEventResponse, type OwnEventPage, type OwnEventResponse } from './own-event.response.dto.js';

/** What somebody may read of the audit log: what is about themselves. */
@Injectable()
export class ListOwnEventsService {
  constructor(
    private readonly events: OwnEventsService,
    accountExport: AccountExport,
  ) {
    accountExport.add({ name: 'security_events', items: ({ userId }) => this.readAll(userId) });
  }

  /** Newest first. @throws ValidationFailedError for a foreign cursor */
  async list({ userId }: Principal, { limit, cursor }: PagingQuery): Promise<OwnEventPage> {
    const found = await this.events.list(userId, decodeIdCursor(cursor), limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toOwnEventResponse), next_cursor };
  }

  private async *readAll(userId: number): AsyncGenerator<OwnEventResponse> {
    const events = readInPages((last: OwnEvent | undefined, limit) =>
      this.events.list(userId, last?.id, limit),
    );
    for await (const event of events) yield toOwnEventResponse(event);
  }
}
