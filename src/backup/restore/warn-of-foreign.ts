import type { Manifest } from '../archive/manifest.js';
import { withConnection } from '../databases/connect.js';
import { readServiceIdentity } from '../databases/service-identity.js';

/**
 * Says what restoring a file means that was not made here, before anything of it runs. A list of what stands in it would
 * prove nothing: whoever makes an archive by hand can write any statement under any heading.
 * @param url of the present database
 */
export async function warnOfForeignBackup(
  { installation }: Pick<Manifest, 'installation'>,
  url: string,
  onStep: (step: string) => void,
): Promise<void> {
  // One that cannot be read is told by what comes next.
  const own = await withConnection(url, readServiceIdentity).catch(() => undefined);
  if (own !== undefined && own === installation) return;
  onStep(
    "The backup is not of this installation. Statements in it run with the rights of the database's owner role: go on only if you trust where it comes from. backup:verify --read runs none of them.",
  );
}
