const REQUEST_ID = {
  'X-Request-ID': {
    description: 'Names this request in the log; the one that was sent, where it was fit to be.',
    schema: { type: 'string' as const, example: '3f0c6b1e-5d0e-4b52-9a53-0f3e7c7d9b10' },
  },
};

const AUTHENTICATE = {
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    schema: { type: 'string' as const, example: 'Bearer' },
  },
};

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer' as const, minimum: 0, example: 2 },
  },
};

const LIMITS = {
  RateLimit: {
    description:
      'Of each limit that the request met: how many more are let in now (`r`), and after how many seconds there is room for more (`t`).',
    schema: { type: 'string' as const, example: '"api";r=287;t=41' },
  },
  'RateLimit-Policy': {
    description: 'Those limits: how many (`q`) within how many seconds (`w`).',
    schema: { type: 'string' as const, example: '"api";q=300;w=60' },
  },
};

/** The headers that an answer with this status has on every route, or on every one that is limited. */
export function headersOf(status: number, isLimited: boolean) {
  return {
    ...REQUEST_ID,
    ...(isLimited ? LIMITS : {}),
    ...(status === 401 ? AUTHENTICATE : {}),
    ...(status === 429 || status === 503 ? RETRY_AFTER : {}),
  };
}
