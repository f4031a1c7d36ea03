import { flag, list, oneOf, text, webUrl, whole } from './value-types.js';
import { inSection } from './variable.js';

/** An origin as browsers send it (RFC 6454 section 6.2): any other spelling would never match. */
function isOrigin(value: string): boolean {
  // The URL standard takes an asterisk for a letter; here it would be meant as a pattern, which nothing matches.
  if (!URL.canParse(value) || value.includes('*')) return false;
  const { protocol, host } = new URL(value);
  return host !== '' && `${protocol}//${host}` === value;
}

const originList = list.refine(
  (entries) => entries.every(isOrigin),
  'must list origins as browsers send them, such as https://app.example.com or http://localhost:5173',
);

const hostList = list.refine(
  (entries) => entries.every((entry) => /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i.test(entry)),
  'must list host names or addresses without scheme, port or path, such as vote.example.org or [2001:db8::1]',
);

/** The process itself, who may call it, and what it tells. */
export const SERVICE = inSection('Service', {
  NODE_ENV: {
    description: 'development stays on this machine; production refuses to start without strong secrets.',
    schema: oneOf('development', 'production', 'test').default('development'),
    example: 'development',
  },
  HOST: {
    description: 'Address to listen on. Outside production only a loopback address is accepted.',
    schema: text.default('127.0.0.1'),
    example: '127.0.0.1',
  },
  PORT: { description: 'Port to listen on.', schema: whole(0, 65_535, 8000), example: '8000' },
  PUBLIC_URL: {
    description:
      'How clients reach the service; links and the token issuer are built from it, and passkeys are bound to its host: under another one none of them works. Default: http://localhost:PORT.',
    schema: webUrl.transform((value) => value.replace(/(?<!\/)\/+$/, '')).optional(),
  },
  ALLOWED_HOSTS: {
    description:
      "Names by which the service may be called besides PUBLIC_URL's, comma-separated, without ports. Any other answers 421, /health and /ready excepted.",
    schema: hostList,
  },
  TRUSTED_PROXIES: {
    description: 'Proxies whose X-Forwarded-* headers are believed: addresses or CIDRs, comma-separated.',
    schema: list,
  },
  CORS_ORIGINS: {
    description:
      'Origins of browser apps that may call the API, comma-separated. Credentials are never allowed.',
    schema: originList,
  },
  DOCS_ENABLED: { description: 'Swagger UI at /mc101docs.', schema: flag(true), example: 'true' },
  LOG_LEVEL: {
    description: 'fatal, error, warn, info, debug, trace or silent.',
    schema: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
    example: 'info',
  },
  METRICS_PORT: {
    description: 'Port of the Prometheus metrics, apart from the API. 0: any free one.',
    schema: whole(0, 65_535, 9464),
    example: '9464',
  },
  METRICS_HOST: {
    description:
      'Address of the metrics. They need no token: keep them where only the monitoring reaches them.',
    schema: text.default('127.0.0.1'),
    example: '127.0.0.1',
  },
  SENTRY_DSN: {
    description: 'Where unexpected errors are reported, scrubbed like the logs (Sentry or compatible).',
    schema: webUrl.optional(),
    secret: true,
  },
  DATA_DIR: {
    description:
      'Where the embedded database and the generated secrets live. Default: .data beside package.json.',
    schema: text.optional(),
  },
});
