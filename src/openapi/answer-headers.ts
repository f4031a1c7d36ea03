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

/** The headers that an answer with this status has on every route. */
export function headersOf(status: number) {
  return {
    ...REQUEST_ID,
    ...(status === 401 ? AUTHENTICATE : {}),
    ...(status === 429 || status === 503 ? RETRY_AFTER : {}),
  };
}
