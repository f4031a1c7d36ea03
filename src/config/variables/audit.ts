import { whole } from './value-types.js';
import { inSection } from './variable.js';

/** The audit log. */
export const AUDIT = inSection('Audit', {
  AUDIT_RETENTION_DAYS: {
    description: 'Sealed entries of the audit log older than this are deleted, whole batches at a time.',
    schema: whole(30, 36_500, 400),
    example: '400',
  },
});
