import pg from 'pg';
import { migrate } from '../../dist/database/migrate.js';

const TEMPLATE = 'mc101_template';

/** Makes a migrated, otherwise empty database to copy, owned by the owner role. */
export async function prepareTemplate({ appUrl, ownerUrl }) {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(`CREATE DATABASE ${TEMPLATE}`);
  await owner.end();
  const inTemplate = (url) => url.replace(/\/mc101(?=\?|$)/, `/${TEMPLATE}`);
  await migrate(
    { app: inTemplate(appUrl), owner: inTemplate(ownerUrl), direct: inTemplate(ownerUrl) },
    () => undefined,
  );
  return TEMPLATE;
}
