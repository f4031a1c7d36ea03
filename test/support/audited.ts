import type { Actor } from './api-client.js';
import type { TestServer } from './test-server.js';

interface AuditedEvent {
  event_type: string;
  actor_id: number | null;
  details: object;
}

/** What the audit log tells of an account, oldest first. @param types or patterns of them, as LIKE reads them */
export async function eventsOf(
  server: TestServer,
  { id }: Pick<Actor, 'id'>,
  ...types: string[]
): Promise<AuditedEvent[]> {
  const { rows } = await server.sql.query<AuditedEvent>(
    `SELECT event_type, actor_id, details FROM audit_events
     WHERE subject_id = $1 AND event_type LIKE ANY ($2) ORDER BY id`,
    [id, types],
  );
  return rows;
}
