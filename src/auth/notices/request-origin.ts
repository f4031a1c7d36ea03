import { requestContext } from '../../common/logging/request-context.js';
import type { NoticeOrigin } from '../../mail/letters/notice.js';
import { describeDevice } from './device.js';
import type { Places } from './places.js';

/** From where the request came that is being served. Outside of one, as for an operator's command, only when. */
export async function requestOrigin(places: Places, now: Date): Promise<NoticeOrigin> {
  const request = requestContext.getStore();
  return {
    at: now.toISOString(),
    address: request?.address ?? undefined,
    device: describeDevice(request?.userAgent),
    place: await places.find(request?.address),
  };
}
