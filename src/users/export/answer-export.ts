import type { FastifyReply } from 'fastify';
import type { Principal } from '../../common/http/principal.js';
import type { ExportAccountService } from './export-account.service.js';

/** Whoever takes nothing for so long is gone, or keeps others from their exports. */
const STALLED_AFTER_MS = 60_000;

/** Sends an export as it is read, no faster than it is taken. */
export async function answerExport(
  user: Principal,
  reply: FastifyReply,
  exports: ExportAccountService,
): Promise<void> {
  // What a HEAD asks for is all there already.
  if (reply.request.method === 'HEAD') {
    void describe(reply, user).send();
    return;
  }
  const pieces = await exports.begin(user);
  // Where nothing was sent yet, the answer becomes an error like any other.
  pieces.once('error', () => {
    if (!reply.raw.headersSent) void reply.removeHeader('content-disposition');
  });
  void describe(reply, user);
  // Without a listener of our own, the connection is closed.
  reply.raw.setTimeout(STALLED_AFTER_MS);
  void reply.send(pieces);
}

function describe(reply: FastifyReply, { userId }: Principal): FastifyReply {
  return reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', `attachment; filename="mc101-account-${userId}.json"`);
}
