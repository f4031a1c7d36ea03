/** Where hosts of the world are on this machine: name → port of plain HTTP on 127.0.0.1. */
export type HostPorts = Record<string, number>;

export interface MappedHosts {
  /** Points hosts elsewhere from now on, or takes in more of them. */
  add(ports: HostPorts): void;
  stop(): void;
}

/**
 * Until it is stopped, `fetch` in this Jest context takes `https://host/…` to the local server of that host, so that
 * service and test use the addresses of production as they are. Every other address is left alone.
 */
export function mapHosts(ports: HostPorts): MappedHosts {
  const known = new Map(Object.entries(ports));
  const original = globalThis.fetch;
  const mapped = (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const port = url.protocol === 'https:' && url.port === '' ? known.get(url.hostname) : undefined;
    if (port === undefined) return asOwn(original(input, init));
    const request = new Request(input, init);
    // A stand-in behind TLS sees what a proxy would tell it.
    request.headers.set('x-forwarded-host', url.hostname);
    request.headers.set('x-forwarded-proto', 'https');
    return asOwn(original(new Request(`http://127.0.0.1:${port}${url.pathname}${url.search}`, request)));
  };
  globalThis.fetch = mapped;
  return {
    add: (more) => {
      for (const [host, port] of Object.entries(more)) known.set(host, port);
    },
    stop: () => {
      globalThis.fetch = original;
    },
  };
}

/** Jest's `fetch` is of another realm than the code that calls it, which would not know its TypeErrors for what they are. */
async function asOwn(response: Promise<Response>): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    if (error instanceof TypeError || (error as Error).name !== 'TypeError') throw error;
    throw new TypeError((error as Error).message, { cause: error });
  }
}
