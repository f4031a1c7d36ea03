import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Operator } from '../../support/operator.js';
import { checkout, type ServiceProcess } from '../../support/service-process.js';

jest.setTimeout(60_000);

const PRINTED_URL = 'http://localhost:8000';

const operator = new Operator();
let service: ServiceProcess;
let adminPassword: string;

beforeAll(async () => {
  const dataDir = await operator.newDataDir();
  service = await operator.start({ dataDir });
  adminPassword = (await readFile(path.join(dataDir, 'first-admin'), 'utf8')).trim();
});
afterAll(() => operator.cleanUp());

it('the tour of the README runs as printed on a fresh start, and every answer is as the README says', async () => {
  const tour = await readTour();
  expect(tour.split('\n')[0]).toBe('read -rs ADMIN_PASSWORD');
  const { code, stdout, stderr } = await runInBash(tour.replaceAll(PRINTED_URL, service.api.url));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const counts = answers[6];
  expect(answers).toMatchObject([
    { name: 'Ada', email: 'ada@example.org', role: 'user' },
    { name: 'Ada', email: 'ada@example.org', is_active: true },
    { title: 'Packing', content: 'Passport, tickets', personal_encryption: false, tags: ['travel'] },
    { title: 'Diary', content: 'Nobody reads this', personal_encryption: true },
    { candidate_id: expect.any(Number), receipt: expect.anything() },
    { error: { code: 'ALREADY_VOTED' } },
    [{ candidate_name: 'Robin', vote_count: 1 }],
    { message: expect.any(String) },
    { error: { code: 'UNAUTHENTICATED' } },
  ]);
  expect(counts).toHaveLength(1);
});

/** The lines of the bash blocks under the heading. */
async function readTour(): Promise<string> {
  const readme = await readFile(path.join(checkout, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((text) => text.startsWith('A tour\n')) ?? '';
  const blocks = [...section.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(([, lines]) => lines);
  if (blocks.length === 0) throw new Error('README.md has no bash block under "## A tour".');
  return blocks.join('');
}

/** As if pasted into a terminal, stopping at the first command that fails; the password is typed. */
async function runInBash(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const folder = await operator.folder();
  const file = path.join(folder, 'tour.sh');
  await writeFile(file, script);
  if (spawnSync('curl', ['--version']).error) {
    await copyFile(path.join(import.meta.dirname, 'curl-stand-in.mjs'), path.join(folder, 'curl'));
    await chmod(path.join(folder, 'curl'), 0o755);
  }
  const searchPath = [folder, path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
  const child = spawn('bash', ['-e', file], { env: { ...process.env, PATH: searchPath } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.end(`${adminPassword}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
