import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { splitName } from '../../../scripts/asvs/checklist.mjs';
import { titlesIn } from '../../../scripts/asvs/test-titles.mjs';
import { ENV, ENV_NAMES, type EnvName } from '../../../src/config/env.schema.js';
import type { Variable } from '../../../src/config/variables/variable.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const document = read('docs/inventories.md');

/** The rows of the last table under a heading, cells without backticks. */
function tableUnder(heading: string): string[][] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.trimEnd().split('\n');
  const end = lines.findLastIndex((line) => line.startsWith('|'));
  const start = lines.slice(0, end).findLastIndex((line) => !line.startsWith('|')) + 1;
  // Behind the head and the rule below it.
  return lines.slice(start + 2, end + 1).map((line) =>
    line
      .slice(1, -1)
      .split(/ \| /)
      .map((cell) => cell.trim()),
  );
}

const plain = (cell = '') => cell.replaceAll('`', '').trim();
const firstColumn = (heading: string) => tableUnder(heading).map(([cell]) => plain(cell));
const variablesIn = (text: string) => Array.from(text.matchAll(/`([A-Z][A-Z_]+)`/g), ([, name = '']) => name);

const sources = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((file) => !file.endsWith('.spec.ts') && !file.endsWith('/metadata.ts'))
  .map(read);

/** Everything that the pattern's first group finds in the sources, once and in order. */
const inSources = (pattern: RegExp) =>
  [
    ...new Set(sources.flatMap((source) => Array.from(source.matchAll(pattern), ([, found = '']) => found))),
  ].sort();

interface Schema {
  $ref?: string;
  /** Where an answer is one of several. */
  oneOf?: { $ref?: string }[];
}

interface Operation {
  security?: Record<string, unknown>[];
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

/** The names of the schemas that an answer may have. */
const namesOf = ({ $ref, oneOf = [] }: Schema = {}) =>
  [$ref, ...oneOf.map((one) => one.$ref)].flatMap((ref) => ref?.split('/').at(-1) ?? []);

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
}

let server: TestServer;
let api: OpenApi;
beforeAll(async () => {
  server = await startTestServer();
  api = (await server.api.get('/mc101docs-json')).body as OpenApi;
});
afterAll(() => server.close());

const operations = () =>
  Object.entries(api.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${route}`,
      route,
      operation,
    })),
  );

describe('the inventory', () => {
  it('of data has every table, with a class', async () => {
    const { rows } = await server.sql.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    );
    expect(firstColumn('Data').sort()).toEqual(rows.map(({ name }) => name).sort());
    const classes = new Set(tableUnder('Data').map(([, kind]) => kind));
    expect(
      [...classes].filter((kind) => !['secret', 'personal', 'confidential', 'public'].includes(kind ?? '')),
    ).toEqual([]);
    expect(tableUnder('Data').filter(([, , protection = '']) => protection.length < 4)).toEqual([]);
  });

  it('of secrets has every variable that holds one, with when to rotate it and what its loss costs', () => {
    const secrets = ENV_NAMES.filter((name) => (ENV[name] as Variable).secret);
    expect(firstColumn('Secrets').sort()).toEqual([...secrets].sort());
    expect(
      tableUnder('Secrets').filter((row) => row.length !== 4 || row.some((cell) => cell === '')),
    ).toEqual([]);
  });

  it('of cryptography has every context that separates one use of a key from another', () => {
    expect(firstColumn('Cryptography').sort()).toEqual(inSources(/['`](mc101\/[A-Za-z0-9/_-]+)['`$]/g));
  });

  it('of connections has every variable that says where one goes, with how many there are and what happens when it fails', () => {
    const named = variablesIn(
      tableUnder('Connections')
        .map((row) => row.join('|'))
        .join('\n'),
    );
    const addresses = ENV_NAMES.filter(
      (name) => /_(URL|DSN|HOST)$|^HOST$/.test(name) && name !== 'PUBLIC_URL',
    );
    expect(addresses.filter((name) => !named.includes(name))).toEqual([]);
    expect(named.filter((name) => !ENV_NAMES.includes(name as EnvName))).toEqual([]);
    expect(
      tableUnder('Connections').filter((row) => row.length !== 4 || row.some((cell) => cell === '')),
    ).toEqual([]);
  });

  it('of costly work names bounds that exist, and answers that are documented', () => {
    const rows = tableUnder('Costly work');
    const bounds = variablesIn(rows.map(([, bound]) => bound).join('\n'));
    expect(bounds.length).toBeGreaterThanOrEqual(rows.length);
    expect(bounds.filter((name) => !ENV_NAMES.includes(name as EnvName))).toEqual([]);
  });

  it('of logs has every name under which the service writes lines, and it writes to nothing else', () => {
    const loggers = inSources(/new Logger\('([a-z-]+)'\)/g).filter((name) => name !== 'context');
    expect(firstColumn('Logs').sort()).toEqual(loggers);
    expect(inSources(/(appendFile|createWriteStream|pino\.transport|pino\.multistream)/g)).toEqual(
      ALLOWED_WAYS_OF_WRITING,
    );
  });

  it('of ways to log in has every route that answers with an access token', () => {
    const withToken = operations().filter(({ operation }) =>
      Object.values(operation.responses).some(({ content }) =>
        namesOf(content?.['application/json']?.schema).some(
          (name) => api.components.schemas[name]?.properties?.['access_token'] !== undefined,
        ),
      ),
    );
    expect(firstColumn('Ways to log in').sort()).toEqual(withToken.map(({ name }) => name).sort());
  });

  it('of sessions has the lifetimes and the policy that hold unless others are set', () => {
    const written = tableUnder('Sessions').flatMap(([, howLong = '']) =>
      Array.from(howLong.matchAll(/`([A-Z_]+)`: (\w+)/g), ([, name = '', value = '']) => [name, value]),
    );
    expect(written).toHaveLength(4);
    expect(written).toEqual(
      written.map(([name]) => [name, String(ENV[name as EnvName].schema.parse(undefined))]),
    );
  });

  it('of access has every route with who may call it', () => {
    const whoMayCall = ({ route, operation }: { route: string; operation: Operation }) =>
      operation.security?.every((way) => Object.keys(way).length === 0)
        ? 'anybody'
        : route.startsWith('/admin/')
          ? 'admins'
          : 'whoever is logged in';
    const served = operations().map((one) => `${one.name}: ${whoMayCall(one)}`);
    expect(
      tableUnder('Access')
        .map(([route, who = '']) => `${plain(route)}: ${who.split(';')[0] ?? ''}`)
        .sort(),
    ).toEqual(served.sort());
  });

  it('of fields has every schema that answers, with who sees it and who sets it', () => {
    const answers = new Set(
      operations().flatMap(({ operation }) =>
        Object.entries(operation.responses)
          .filter(([status]) => status.startsWith('2'))
          .flatMap(([, { content = {} }]) => Object.values(content))
          .flatMap(({ schema }) => namesOf(schema)),
      ),
    );
    const rows = tableUnder('Fields');
    expect(rows.map(([schema]) => plain(schema)).sort()).toEqual([...answers].sort());
    const written = Object.fromEntries(
      rows.map(([schema, fields = '']) => [plain(schema), fields.split(', ').map(plain).sort()]),
    );
    const served = Object.fromEntries(
      [...answers].map((name) => [name, Object.keys(api.components.schemas[name]?.properties ?? {}).sort()]),
    );
    expect(written).toEqual(served);
    expect(rows.filter((row) => row.length !== 4 || row.some((cell) => cell === ''))).toEqual([]);
  });

  it('of rules between fields names tests that exist', () => {
    const unknown = tableUnder('Rules between fields')
      .map(([, test = '']) => splitName(test))
      .filter(({ file, title }) => !titlesIn(read(file), file).includes(title));
    expect(unknown).toEqual([]);
    expect(tableUnder('Rules between fields').length).toBeGreaterThanOrEqual(5);
  });

  it('of updates gives graver vulnerabilities less time', () => {
    const days = tableUnder('Updates').map(([, within = '']) => Number(/^(\d+) days$/.exec(within)?.[1]));
    expect(firstColumn('Updates')).toEqual(['critical', 'high', 'medium', 'low']);
    expect(days).toEqual([...days].sort((a, b) => a - b));
    expect(days.every((number) => number >= 1)).toBe(true);
  });
});

describe('the parts of others', () => {
  it('are all in the bill of materials', async () => {
    const { stdout } = await promisify(execFile)('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
      cwd: ROOT,
      maxBuffer: 64 * 1024 * 1024,
    });
    const listed = (JSON.parse(stdout) as { components: { name: string; group?: string }[] }).components.map(
      ({ name, group }) => (group ? `${group}/${name}` : name),
    );
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies).filter((name) => !listed.includes(name))).toEqual([]);
  });

  it('are pinned by version and by hash, wherever they come from', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; link?: boolean; resolved?: string }>;
    };
    const installed = Object.entries(packages).filter(([name]) => name !== '');
    expect(installed.length).toBeGreaterThan(500);
    expect(
      installed.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-')).map(([name]) => name),
    ).toEqual([]);
    expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([]);
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect(
      Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
    ).toEqual([]);
  });
});

const ALLOWED_WAYS_OF_WRITING: string[] = [];
