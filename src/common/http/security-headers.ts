import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';

export type HeaderTable = Readonly<Record<string, string>>;

const COMMON: HelmetOptions = {
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  // Only over TLS, see headersFor; a plain-http localhost must not be pinned.
  strictTransportSecurity: false,
  crossOriginResourcePolicy: { policy: 'same-origin' },
};

const PERMISSIONS_POLICY =
  'accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=(), interest-cohort=()';

const API = collect({
  ...COMMON,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
    },
  },
});

/** What Swagger UI needs and no more: its scripts are files of ours; its styles are partly inline. */
const DOCS = collect({
  ...COMMON,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'"],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
});

const STRICT_TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

const TABLES = {
  api: {
    plain: { ...API, 'cache-control': 'no-store' },
    tls: withTls({ ...API, 'cache-control': 'no-store' }),
  },
  docs: { plain: DOCS, tls: withTls(DOCS) },
} satisfies Record<string, Record<string, HeaderTable>>;

/** The security headers of an answer. Tables made once at start; helmet decides their values. */
export function securityHeadersFor(kind: 'api' | 'docs', overTls: boolean): HeaderTable {
  return overTls ? TABLES[kind].tls : TABLES[kind].plain;
}

function withTls(table: HeaderTable): HeaderTable {
  return { ...table, 'strict-transport-security': STRICT_TRANSPORT_SECURITY };
}

/** Runs helmet once against a response that only writes down what it sets. */
function collect(options: HelmetOptions): HeaderTable {
  const table: Record<string, string> = { 'permissions-policy': PERMISSIONS_POLICY };
  const recorder = {
    setHeader: (name: string, value: string) => {
      table[name.toLowerCase()] = value;
    },
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, recorder as unknown as ServerResponse, (error?: unknown) => {
    if (error) throw new Error('The security headers could not be made.', { cause: error });
  });
  return table;
}
