// npm start: the service in this very process, so that signals reach it.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { preflight, root } from './preflight.mjs';

preflight();
const { build } = await import('./build.mjs');
await build();
await import(pathToFileURL(path.join(root, 'dist', 'main.js')).href);
