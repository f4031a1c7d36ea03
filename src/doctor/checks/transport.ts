import { isLoopback } from '../../config/loopback.js';
import type { Check } from '../check.js';
import { off, orElse, problem, warning, type Finding } from '../finding.js';
import { ask } from '../probes/ask.js';
import { probeTls, type TlsFacts } from '../probes/probe-tls.js';

const DAY_MS = 86_400_000;
const RENEW_WITHIN_DAYS = 21;
const CERTIFICATE = 'deploy/README.md, Certificate';

/** What plain HTTP answers where HTTPS is served; only asked at the usual ports. */
type PlainAnswer = 'nothing' | 'redirect' | 'content';

export const transport: Check = {
  name: 'tls',
  look: async ({ publicUrl, clock }) => {
    const url = new URL(publicUrl);
    if (url.protocol === 'http:') return [off('PUBLIC_URL is http: nothing is encrypted on the way.')];
    const facts = await probeTls(url);
    if (!facts) return [off(`Not looked at: no TLS was spoken at ${publicUrl}.`)];
    const plain = await askPlain();
    return judgeTls({ host: url.hostname, plain, ...facts }, clock.now());

    async function askPlain(): Promise<PlainAnswer> {
      if (url.port !== '') return 'nothing';
      const answer = await ask(`http://${url.hostname}/`, clock);
      if ('silent' in answer) return 'nothing';
      return answer.status >= 300 && answer.status < 400 && answer.headers.location?.startsWith('https:')
        ? 'redirect'
        : 'content';
    }
  },
};

/** @internal for tests */
export function judgeTls(
  facts: TlsFacts & { readonly host: string; readonly plain: PlainAnswer },
  now: Date,
): readonly Finding[] {
  const { host, protocol, distrust, isForHost, validTo, acceptsOldTls, plain } = facts;
  const wrong: Finding[] = [];
  const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
  if (days < 0)
    wrong.push(
      problem(
        `The certificate of ${host} has expired (${validTo.toISOString()}).`,
        `Renew it (${CERTIFICATE}).`,
      ),
    );
  else if (days < RENEW_WITHIN_DAYS)
    wrong.push(
      warning(
        `The certificate of ${host} expires in ${days} days (${validTo.toISOString()}).`,
        `See why it was not renewed by itself, or renew it (${CERTIFICATE}).`,
      ),
    );
  if (!isForHost)
    wrong.push(
      problem(
        `The certificate is not for the name ${host}.`,
        `Get one for the name of PUBLIC_URL (${CERTIFICATE}).`,
      ),
    );
  if (distrust !== undefined && distrust !== 'CERT_HAS_EXPIRED')
    wrong.push(
      (isLoopback(host) ? warning : problem)(
        `Nobody whom this machine trusts has signed the certificate of ${host} (${distrust}).`,
        `Get one that browsers trust, and send the intermediate certificates along (${CERTIFICATE}).`,
      ),
    );
  if (acceptsOldTls)
    wrong.push(
      warning(
        'The server also speaks TLS 1.0 or 1.1.',
        'Allow TLS 1.2 and newer alone (ssl_protocols in nginx).',
      ),
    );
  if (plain === 'content')
    wrong.push(
      warning(
        `http://${host} answers without leading to https.`,
        'Redirect port 80 to https, as deploy/nginx does.',
      ),
    );
  return orElse(wrong, `${protocol}, the certificate is trusted and valid for another ${days} days.`);
}
