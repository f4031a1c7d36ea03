import { isIP } from 'node:net';
import tls from 'node:tls';

const LIMIT_MS = 5_000;

/** What a server shows of its TLS. */
export interface TlsFacts {
  /** As TLS calls it: TLSv1.2 and so on. */
  readonly protocol: string;
  /** OpenSSL's code of why the certificate is not believed. */
  readonly distrust: string | undefined;
  readonly isForHost: boolean;
  readonly validTo: Date;
  /** It can also be talked down to TLS 1.0 or 1.1. */
  readonly acceptsOldTls: boolean;
}

/** @returns undefined where no TLS is spoken */
export async function probeTls(url: URL): Promise<TlsFacts | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const place = {
    host,
    port: Number(url.port || 443),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // Looked at, whatever it is worth; nothing is sent.
    rejectUnauthorized: false,
  };
  const shown = await connect(
    { ...place, minVersion: 'TLSv1', ca: knownAuthorities() },
    (socket): Omit<TlsFacts, 'acceptsOldTls'> => {
      const certificate = socket.getPeerCertificate();
      const isForHost = tls.checkServerIdentity(host, certificate) === undefined;
      const distrust = socket.authorized ? undefined : codeOf(socket.authorizationError);
      return {
        protocol: socket.getProtocol() ?? 'unknown',
        distrust: distrust === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : distrust,
        isForHost,
        validTo: new Date(certificate.valid_to),
      };
    },
  );
  if (!shown) return undefined;
  const old = await connect(
    // OpenSSL does not even offer these at its usual level of security.
    { ...place, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    () => true,
  );
  return { ...shown, acceptsOldTls: old ?? false };
}

/** Those that Node brings along, and those of this machine, which an organisation may have added its own to. */
function knownAuthorities(): string[] {
  return [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
}

/** Typed as an error, and in fact OpenSSL's code. */
function codeOf(error: unknown): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return typeof error === 'string' ? error : 'unknown';
}

function connect<T>(
  options: tls.ConnectionOptions,
  look: (socket: tls.TLSSocket) => T,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<T | undefined>();
  const socket = tls.connect(options, () => {
    resolve(look(socket));
    socket.destroy();
  });
  socket.setTimeout(LIMIT_MS, () => socket.destroy());
  socket.on('error', () => {
    resolve(undefined);
  });
  socket.on('close', () => {
    resolve(undefined);
  });
  return promise;
}
