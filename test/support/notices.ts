import { SecurityNotices, type SecurityNotice } from '../../src/auth/notices/security-notices.js';
import type { TestServer } from './test-server.js';

/** What people are told from now on, in its order; whoever wants to begin anew empties it. */
export function collectNotices(server: TestServer): SecurityNotice[] {
  const notices: SecurityNotice[] = [];
  server.app.get(SecurityNotices).on((notice) => {
    notices.push(notice);
    return Promise.resolve();
  });
  return notices;
}
