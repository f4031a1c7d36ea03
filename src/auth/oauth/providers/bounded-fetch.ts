import { ProviderRefusedError } from './provider-errors.js';

/** More than any provider's keys or profile. */
const MAX_BYTES = 1_000_000;

/** Seconds that an answer may take, whole. */
export const PROVIDER_SECONDS = 5;

/**
 * Asks a provider. A provider that sends without end, or sends us elsewhere, is refused.
 * @throws ProviderRefusedError
 * @throws TypeError when there is no connection
 */
export async function boundedFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const signal = init.signal ?? AbortSignal.timeout(PROVIDER_SECONDS * 1000);
  const response = await fetch(url, { ...init, signal, redirect: 'manual' });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > MAX_BYTES) throw new ProviderRefusedError(`its answer has more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  const { status, statusText, headers } = response;
  return new Response(length === 0 ? null : Buffer.concat(parts), { status, statusText, headers });
}
