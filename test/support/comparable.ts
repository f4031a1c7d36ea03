import type { Answer } from './api-client.js';

/** All of an answer, to the byte and in order, but what no two answers share. */
export function comparable({ status, headers, body }: Answer) {
  const text = JSON.stringify(body).replaceAll(headers.get('x-request-id')!, 'the request id');
  // How many requests are left counts down whatever is answered.
  const kept = [...headers]
    .filter(([name]) => !['x-request-id', 'date'].includes(name))
    .map(([name, value]) => [name, name === 'ratelimit' ? value.replaceAll(/\d+/g, 'n') : value]);
  return { status, text, headers: kept };
}
