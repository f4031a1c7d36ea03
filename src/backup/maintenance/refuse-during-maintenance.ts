import type { FastifyInstance } from 'fastify';
import { MaintenanceError } from './maintenance.errors.js';
import type { MaintenanceWatch } from './maintenance-watch.service.js';

/** What says how the service does. */
const ANSWERED_ALWAYS = /^(?:\/v1)?\/(?:health|ready|metrics)$/;

/** Answers MAINTENANCE to every request that begins while the database is being replaced. */
export async function refuseDuringMaintenance(
  fastify: FastifyInstance,
  watch: MaintenanceWatch,
): Promise<void> {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const isRefused = watch.isOn && !ANSWERED_ALWAYS.test(request.routeOptions.url ?? '');
    done(isRefused ? new MaintenanceError() : undefined);
  });
  await watch.begin();
}
