import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import http2 from 'node:http2';
import tls from 'node:tls';
import { rawRequest, sendRaw } from '../support/raw-http.js';
import { HttpsClient, type SiteAnswer } from './https-client.js';
import { SERVER_NAME } from './nginx.js';
import { startNginxAlone, type NginxAlone } from './nginx-alone.js';

let alone: NginxAlone;

beforeAll(async () => {
  alone = await startNginxAlone({ 'acme/.well-known/acme-challenge/token-1': 'token-1.thumbprint' });
});
afterAll(() => alone.close());

it('nginx takes the configuration without a warning', () => {
  expect(alone.nginx.output.split('\n')).toEqual([
    expect.stringMatching(/^nginx: made a self-signed certificate for mc101\.test in /),
    '',
  ]);
});

/** What was agreed on; rejects with what the server says against it. */
function shakeHands(options: tls.ConnectionOptions): Promise<{ protocol: string | null; cipher: string }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
      {
        ...{ host: '127.0.0.1', port: alone.site.port, servername: SERVER_NAME, ca: alone.site.certificate },
        ...options,
      },
      () => {
        resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().name });
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
    expect(await shakeHands({ minVersion: version, maxVersion: version })).toMatchObject({
      protocol: version,
    });
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused by the server', async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(shakeHands(old)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  it.each([
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
  ])('1.2 with %s is spoken', async (ciphers) => {
    expect(await shakeHands({ maxVersion: 'TLSv1.2', ciphers })).toEqual({
      protocol: 'TLSv1.2',
      cipher: ciphers,
    });
  });

  it.each(['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-CCM'])(
    '1.2 with %s is refused by the server',
    async (weak) => {
      const options = { maxVersion: 'TLSv1.2', ciphers: `${weak}:@SECLEVEL=0` } as const;
      await expect(shakeHands(options)).rejects.toMatchObject({
        code: expect.stringMatching(/HANDSHAKE_FAILURE$/),
      });
    },
  );
});

it('HTTP/2 is spoken', async () => {
  const session = http2.connect(alone.httpsUrl, { ca: alone.site.certificate, servername: SERVER_NAME });
  const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
    session.once('error', reject);
    const stream = session.request({ ':path': '/metrics', ':authority': SERVER_NAME });
    stream.once('response', resolve).once('error', reject).resume();
  });
  session.close();
  expect(answer).toMatchObject({
    ':status': 404,
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  });
});

it('a reload takes other names and a certificate for them, without a new start', async () => {
  const other = await startNginxAlone();
  try {
    await other.nginx.reload({ NGINX_SERVER_NAMES: 'other.test' });
    let answer: SiteAnswer | undefined;
    // The workers of before answer until those of after do.
    while (answer?.status !== 404) {
      const client = HttpsClient.at('127.0.0.1', {
        name: 'other.test',
        port: other.site.port,
        certificate: other.nginx.certificate,
      });
      answer = await client.get('/metrics').catch(() => undefined);
      client.close();
    }
    expect(other.nginx.hasEnded).toBe(false);
  } finally {
    await other.close();
  }
});

describe('plain HTTP', () => {
  it.each(['GET', 'POST'])('%s is sent to the same address over TLS', async (method) => {
    const answer = await sendRaw(
      alone.httpUrl,
      rawRequest(`${method} /users/info?x=1 HTTP/1.1`, [`Host: ${SERVER_NAME}`]),
    );
    expect(answer).toMatchObject({
      status: 308,
      headers: { location: `https://${SERVER_NAME}:${alone.nginx.httpsPort}/users/info?x=1` },
    });
    // RFC 6797 section 7.2: not over plain HTTP.
    expect(answer!.headers).not.toHaveProperty('strict-transport-security');
  });

  it('leads nobody to a host that a request names', async () => {
    const answer = await sendRaw(alone.httpUrl, rawRequest('GET / HTTP/1.1', ['Host: evil.example']));
    expect(answer?.status).toBe(421);
    expect(JSON.stringify(answer)).not.toContain('evil.example');
  });

  it('to the port of TLS is refused', async () => {
    const answer = await sendRaw(
      `http://127.0.0.1:${alone.nginx.httpsPort}`,
      rawRequest('GET / HTTP/1.1', [`Host: ${SERVER_NAME}`]),
    );
    expect(answer?.status).toBe(400);
    expect(JSON.parse(answer!.body)).toMatchObject({ error: { code: 'MALFORMED_REQUEST' } });
  });

  it("answers certbot's challenge", async () => {
    const ask = (token: string) =>
      sendRaw(
        alone.httpUrl,
        rawRequest(`GET /.well-known/acme-challenge/${token} HTTP/1.1`, [`Host: ${SERVER_NAME}`]),
      );
    expect(await ask('token-1')).toMatchObject({ status: 200, body: 'token-1.thumbprint' });
    expect((await ask('token-2'))?.status).toBe(404);
  });
});
