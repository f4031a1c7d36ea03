import { ProviderRefusedError, ProviderUnavailableError } from './provider-errors.js';

/** More than any provider's keys or profile. */
const MAX_BYTES = 1_000_000;

/** Seconds that an answer may take, whole. */
export const PROVIDER_SECONDS = 5;

/**
 * Asks a provider. A provider that sends without end is refused, and nobody follows where it sends us.
 * @throws ProviderRefusedError
 * @throws ProviderUnavailableError when there is no connection, when it breaks off, or when the time is over
 */
export async function boundedFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const signal = init.signal ?? AbortSignal.timeout(PROVIDER_SECONDS * 1000);
  try {
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    const { status, statusText, headers } = response;
    return new Response(await readBounded(response), { status, statusText, headers });
  } catch (error) {
    if (error instanceof ProviderRefusedError) throw error;
    throw new ProviderUnavailableError(
      signal.aborted ? `it took longer than ${PROVIDER_SECONDS} s` : 'it cannot be reached',
      { cause: error },
    );
  }
}

async function readBounded({ body }: Response): Promise<Buffer<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > MAX_BYTES) throw new ProviderRefusedError(`its answer has more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return length === 0 ? null : Buffer.concat(parts);
}
