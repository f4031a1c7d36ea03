import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface Certificate {
  key: string;
  cert: string;
}

/** Certificates for any name, signed by an authority of their own, for any span of time; needs openssl. */
export class Authority {
  private constructor(
    private readonly folder: string,
    /** PEM file of the authority's own certificate. */
    readonly file: string,
  ) {}

  static async make(folder: string): Promise<Authority> {
    const at = (name: string) => path.join(folder, name);
    openssl(
      ...['req', '-x509', ...NEW_KEY, '-days', '30', '-subj', '/CN=authority'],
      ...['-keyout', at('authority.key'), '-out', at('authority.pem')],
    );
    await writeFile(at('index'), '');
    await writeFile(at('ca.conf'), CA_CONF);
    return new Authority(folder, at('authority.pem'));
  }

  async sign(name: string, from: Date, to: Date): Promise<Certificate> {
    const at = (file: string) => path.join(this.folder, file);
    openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', at('key'), '-out', at('request'));
    await writeFile(at('names'), `subjectAltName=DNS:${name}`);
    openssl(
      ...['ca', '-batch', '-notext', '-config', at('ca.conf'), '-md', 'sha256'],
      ...['-keyfile', at('authority.key'), '-cert', this.file, '-outdir', this.folder],
      ...['-startdate', asn1(from), '-enddate', asn1(to), '-extfile', at('names')],
      ...['-in', at('request'), '-out', at('cert')],
    );
    return { key: await readFile(at('key'), 'utf8'), cert: await readFile(at('cert'), 'utf8') };
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const CA_CONF = `[ca]
default_ca = this
[this]
database = index
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
`;

function openssl(...args: string[]): void {
  const config = args[args.indexOf('-config') + 1];
  // Its list of what was signed is named in its settings, relative to where it runs.
  const cwd = args.includes('-config') && config !== undefined ? path.dirname(config) : undefined;
  execFileSync('openssl', args, { stdio: 'ignore', cwd });
}

function asn1(time: Date): string {
  return time.toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '');
}
