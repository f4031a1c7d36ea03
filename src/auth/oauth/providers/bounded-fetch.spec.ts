import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { boundedFetch } from './bounded-fetch.js';
import { ProviderRefusedError, ProviderUnavailableError } from './provider-errors.js';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function providerThat(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const UNREACHABLE = { name: 'ProviderUnavailableError', message: 'it cannot be reached' };

describe('asking a provider', () => {
  it('answers what it said', async () => {
    const url = await providerThat((_, response) => {
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"a":1}');
    });
    const response = await boundedFetch(url);
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ a: 1 });
  });

  it('answers that it said nothing', async () => {
    const url = await providerThat((_, response) => {
      response.writeHead(204).end();
    });
    expect((await boundedFetch(url)).status).toBe(204);
  });

  it('takes a million bytes, and not one more', async () => {
    let length = 1_000_000;
    const url = await providerThat((_, response) => {
      response.end(Buffer.alloc(length));
    });
    expect((await (await boundedFetch(url)).arrayBuffer()).byteLength).toBe(1_000_000);
    length += 1;
    await expect(boundedFetch(url)).rejects.toThrow(ProviderRefusedError);
  });

  it('stops reading where it goes on for ever', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const url = await providerThat((_, response) => {
      const more = () => {
        sent += chunk.length;
        response.write(chunk, (error) => {
          if (!error) more();
        });
      };
      more();
    });
    await expect(boundedFetch(url)).rejects.toThrow(ProviderRefusedError);
    expect(sent).toBeLessThan(50_000_000);
  });

  it('does not go where it is sent', async () => {
    const url = await providerThat(({ url: path }, response) => {
      if (path === '/') response.writeHead(302, { location: '/elsewhere' }).end();
      else response.end('elsewhere');
    });
    expect((await boundedFetch(url)).status).toBe(302);
  });

  it('gives up on a body that never ends, when its time is over', async () => {
    const url = await providerThat((_, response) => {
      response.writeHead(200);
      response.write('{');
    });
    const asked = boundedFetch(url, { signal: AbortSignal.timeout(200) });
    await expect(asked).rejects.toThrow(ProviderUnavailableError);
    await expect(asked).rejects.toThrow('took longer');
  });

  it('says that it cannot be reached where nobody is, and where it hangs up', async () => {
    const url = await providerThat((request) => request.socket.destroy());
    await expect(boundedFetch(url)).rejects.toMatchObject(UNREACHABLE);
    await new Promise((resolve) => server?.close(resolve));
    await expect(boundedFetch(url)).rejects.toMatchObject(UNREACHABLE);
  });

  it('says so where the answer breaks off', async () => {
    const url = await providerThat((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
    });
    await expect(boundedFetch(url)).rejects.toThrow(ProviderUnavailableError);
  });
});
