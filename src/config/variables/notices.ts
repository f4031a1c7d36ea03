import { text } from './value-types.js';
import { inSection } from './variable.js';

/** What people are told of their accounts. */
export const NOTICES = inSection('Notices', {
  GEOIP_DB_PATH: {
    description:
      'A database of cities (GeoLite2-City, DB-IP City: .mmdb) that says where logins come from. Read at the start. Default: the embedded one, which knows countries.',
    schema: text.optional(),
  },
});
