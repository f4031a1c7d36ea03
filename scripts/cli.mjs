// npm run cli -- <command>: an operator's command; the arguments stay as they were given.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { preflight, root } from './preflight.mjs';

preflight();
const { build } = await import('./build.mjs');
await build({ quiet: true, onlyIfMissing: true });
process.argv[1] = path.join(root, 'dist', 'cli.js');
await import(pathToFileURL(process.argv[1]).href);
