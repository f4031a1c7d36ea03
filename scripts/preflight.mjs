// Says in one sentence what is missing, before anything that a too old Node could not even parse is loaded.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const NEEDED = [24, 9];

/** Ends the process with one sentence when Node is too old or the packages are not installed. */
export function preflight() {
  const complaint = findComplaint(process.versions.node, existsSync(path.join(root, 'node_modules')));
  if (complaint === undefined) return;
  console.error(complaint);
  process.exit(1);
}

/** The sentence, or undefined when all is well. */
function findComplaint(nodeVersion, packagesInstalled) {
  const [major, minor] = nodeVersion.split('.').map(Number);
  const isNewEnough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  if (!packagesInstalled) return 'The packages are not installed: run "npm ci" first.';
  if (isNewEnough) return undefined;
  return (
    `MC101 needs Node ${NEEDED.join('.')} or newer and this is ${nodeVersion}: ` +
    'start it through npm ("npm start"), which uses the Node that "npm ci" brought along, ' +
    'or install Node 24 from https://nodejs.org.'
  );
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) preflight();
