import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { requestContext } from '../../common/logging/request-context.js';
import type { NoticeOrigin } from '../../mail/letters/notice.js';
import { describeDevice } from './device.js';
import { Places } from './places.js';

/** From where the request came that is being served. */
@Injectable()
export class RequestOrigin {
  constructor(
    private readonly places: Places,
    private readonly clock: Clock,
  ) {}

  /** Outside of a request, as for an operator's command, only when. */
  async find(): Promise<NoticeOrigin> {
    const at = this.clock.now().toISOString();
    const request = requestContext.getStore();
    if (!request) return { at };
    return {
      at,
      address: request.address ?? undefined,
      // A line that is missing would look like a program's mistake.
      device: describeDevice(request.userAgent) ?? 'unknown',
      place: await this.places.find(request.address),
    };
  }
}
