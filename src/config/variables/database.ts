import { parsePostgresUrl } from '../postgres-url.js';
import { text, urlWith, whole } from './value-types.js';
import { inSection } from './variable.js';

const postgresUrl = urlWith(['postgres:', 'postgresql:'], parsePostgresUrl);

/** Which PostgreSQL it works on. */
export const DATABASE = inSection('Database', {
  DATABASE_URL: {
    description:
      "The app's own PostgreSQL role. Setting it (or POSTGRES_HOST) switches the embedded database off.",
    schema: postgresUrl.optional(),
    secret: true,
  },
  DATABASE_OWNER_URL: {
    description: 'The role that owns the schema, for migrations and grants. Default: DATABASE_URL.',
    schema: postgresUrl.optional(),
    secret: true,
  },
  DATABASE_DIRECT_URL: {
    description: 'Goes round a connection pooler, for locks. Default: DATABASE_OWNER_URL.',
    schema: postgresUrl.optional(),
    secret: true,
  },
  POSTGRES_HOST: { description: 'Instead of DATABASE_URL: the parts of it.', schema: text.optional() },
  POSTGRES_PORT: { description: 'Port of POSTGRES_HOST.', schema: whole(1, 65_535, 5432), example: '5432' },
  POSTGRES_USER: { description: 'User at POSTGRES_HOST.', schema: text.default('mc101'), example: 'mc101' },
  POSTGRES_PASSWORD: { description: 'Password at POSTGRES_HOST.', schema: text.optional(), secret: true },
  POSTGRES_DB: {
    description: 'Database at POSTGRES_HOST.',
    schema: text.default('mc101'),
    example: 'mc101',
  },
  PG_BIN_DIR: {
    description:
      'Folder with the PostgreSQL programs for the embedded database. Default: a local installation, else the npm one.',
    schema: text.optional(),
  },
  DB_POOL_SIZE: {
    description: 'Connections each process keeps.',
    schema: whole(1, 500, 10),
    example: '10',
  },
});
