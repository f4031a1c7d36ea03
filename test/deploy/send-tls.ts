import tls from 'node:tls';
import { toSiteAnswer, type Site, type SiteAnswer } from './https-client.js';

/** Sends bytes as they are over TLS, for what no HTTP client would send, and reads until the server closes. */
export function sendTls({ name, port, certificate }: Site, request: string): Promise<SiteAnswer> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
      {
        ...{ host: '127.0.0.1', port, ca: certificate },
        // Without a name there is nothing in the certificate to compare it with.
        ...(name === '' ? { checkServerIdentity: () => undefined } : { servername: name }),
      },
      () => socket.write(request),
    );
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (isWhole(text)) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      const [statusLine = '', ...lines] = head.split('\r\n');
      const pairs = lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
      resolve(toSiteAnswer(Number(statusLine.split(' ')[1]), pairs, body));
    });
  });
}

/** Once the announced length is there: the connection may be kept alive. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  return end !== -1 && length !== undefined && text.length >= end + 4 + Number(length);
}
