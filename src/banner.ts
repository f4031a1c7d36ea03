import { VERSION } from './common/version.js';

export interface BannerFacts {
  url: string;
  docsEnabled: boolean;
  /** Where the metrics are, if anywhere. */
  metricsUrl: string | undefined;
  /** Whether mails are kept at /dev/mail. */
  hasMailbox: boolean;
  database: string;
  dataDir: string;
  notes: string[];
  /** Lines about the first admin, on the start that made it. */
  firstAdmin: string[];
}

/** What a person sees once the service is ready. */
export function renderBanner({
  url,
  docsEnabled,
  metricsUrl,
  hasMailbox,
  database,
  dataDir,
  notes,
  firstAdmin,
}: BannerFacts): string {
  const rows: [string, string][] = [
    ['Service', url],
    ...(docsEnabled ? ([['Swagger UI', `${url}/mc101docs`]] as [string, string][]) : []),
    ['Health', `${url}/health   ${url}/ready`],
    ...(metricsUrl === undefined ? [] : ([['Metrics', metricsUrl]] as [string, string][])),
    ...(hasMailbox ? ([['Mailbox', `${url}/dev/mail`]] as [string, string][]) : []),
    ['Database', database],
    ['Data', dataDir],
  ];
  const lines = [
    `MC101 ${VERSION} is ready.`,
    '',
    ...rows.map(([label, value]) => `  ${label.padEnd(11)} ${value}`),
    ...(firstAdmin.length > 0 ? ['', ...firstAdmin.map((line) => `  ${line}`)] : []),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `  Note: ${note}`)] : []),
    '',
    '  Stop with Ctrl-C.',
  ];
  return `\n${lines.join('\n')}\n\n`;
}
