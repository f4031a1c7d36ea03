// Whether the service in this container can do its work: the exit status that the container engine asks for.
import { get } from 'node:http';

const TIMEOUT_MS = 3_000;

const target = { host: '127.0.0.1', port: process.env.PORT || 8000, path: '/ready', timeout: TIMEOUT_MS };
get(target, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .once('timeout', () => process.exit(1))
  .once('error', () => process.exit(1));
