import { beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { STATUS_BY_CODE } from '../../../src/common/errors/error-codes.js';
import { ENV_NAMES } from '../../../src/config/env.schema.js';
import { checkout, ProgramProcess } from '../../support/service-process.js';
import { environmentOf, readComposeFile } from './compose-file.js';
import { finalStage, stepsOf } from './dockerfile.js';

const read = (...names: string[]) => readFileSync(path.join(checkout, ...names), 'utf8');
const runbook = read('deploy', 'README.md');

/** What is typed: the lines of the sh blocks, without comments, one command each. */
const typed = [...runbook.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block]) =>
  block!
    .split('\n')
    .flatMap((line) => line.replace(/\s+#.*$/, '').split(/&&/))
    .map((command) => command.trim().replace(/^sudo (?:-u \w+ )?/, ''))
    .filter((command) => command !== ''),
);
const codeSpans = [...runbook.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(
  ([, text]) => text!,
);
const commands = [...typed, ...codeSpans.filter((text) => /^(?:npm|docker|node) /.test(text))];

describe('commands', () => {
  const { services } = readComposeFile();

  it('of npm are scripts of package.json', () => {
    const scripts = commands.flatMap((command) => [...command.matchAll(/\bnpm run ([\w:-]+)/g)]);
    expect(scripts.length).toBeGreaterThan(5);
    const known = Object.keys(JSON.parse(read('package.json')).scripts);
    expect(scripts.map(([, name]) => name).filter((name) => !known.includes(name!))).toEqual([]);
  });

  it('of docker compose name services and profiles that exist', () => {
    const composed = commands.filter((command) => command.startsWith('docker compose '));
    expect(composed.length).toBeGreaterThan(15);
    const profiles = Object.values(services).flatMap((service) => service.profiles ?? []);
    for (const command of composed) {
      const [, profile] = /--profile (\S+)/.exec(command) ?? [];
      if (profile !== undefined) expect(profiles).toContain(profile);
      const [, verb, rest = ''] =
        /^docker compose (?:--profile \S+ )?([a-z]+)(?: (.*))?$/.exec(command) ?? [];
      expect(['up', 'down', 'exec', 'run', 'cp', 'restart', 'stop', 'build', 'ps', 'logs']).toContain(verb);
      const [named] = rest
        .replace(/--entrypoint "[^"]*"/, '')
        .replace(/--scale (\w+)=\d+/, '$1')
        .split(' ')
        .filter((word) => word !== '' && !word.startsWith('-'));
      if (named !== undefined) expect(Object.keys(services)).toContain(named.split(':')[0]);
    }
  });

  it('in a container are of its image or are mounted there', () => {
    for (const [, file, verb] of runbook.matchAll(/exec (?:-T )?nginx sh (\S+) (\w+)/g)) {
      expect(file).toBe('/etc/mc101/nginx/entrypoint.sh');
      expect(read('deploy', 'nginx', 'entrypoint.sh')).toContain(`\n    ${verb!})\n`);
    }
    expect(runbook).toContain('exec nginx sh');
  });
});

describe("the operator's commands", () => {
  const named = [
    ...runbook.matchAll(/(?:dist\/cli\.js"? (?:app )?|npm run cli -- )([a-z:]+)([^`\n#]*)/g),
  ].map(([, name, rest]) => ({ name: name!, flags: rest!.match(/--[a-z-]+/g) ?? [] }));
  let known: Map<string, string>;
  beforeAll(async () => {
    const names = [...(await helpOf()).matchAll(/^ {2}([a-z]+:?[a-z]*)(?= )/gm)].map(([, name]) => name!);
    const wanted = new Set(named.map(({ name }) => name));
    known = new Map(
      await Promise.all(
        names
          .filter((name) => wanted.has(name))
          .map(async (name): Promise<[string, string]> => [name, await helpOf(name)]),
      ),
    );
  }, 90_000);

  async function helpOf(...command: string[]): Promise<string> {
    const cli = new ProgramProcess('dist/cli.js', [...command, '--help'], { env: {} });
    expect(await cli.ended).toMatchObject({ code: 0 });
    return cli.stdout;
  }

  it('exist', () => {
    expect(named.length).toBeGreaterThan(10);
    expect([...new Set(named.map(({ name }) => name))].filter((name) => !known.has(name))).toEqual([]);
  });

  it('have the options that are given to them', () => {
    for (const { name, flags } of named)
      for (const flag of flags)
        expect([name, flag, known.get(name)?.includes(flag)]).toEqual([name, flag, true]);
    // Named apart from a command.
    const restore = known.get('backup:restore');
    for (const flag of codeSpans.filter((text) => /^--(?:yes|accept)/.test(text)))
      expect([flag, restore?.includes(flag)]).toEqual([flag, true]);
  });
});

describe('names', () => {
  /** Of programs that are not ours. */
  const OF_OTHERS = ['DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER'];

  it('of variables are those of the service, of its image or of nginx', () => {
    const known = [
      ...ENV_NAMES.flatMap((name) => [name, `${name}_FILE`]),
      ...Object.keys(environmentOf('nginx')),
      ...stepsOf(finalStage(), 'ARG').map(({ text }) => text.split('=')[0]!),
      ...OF_OTHERS,
      // The codes of answers are written alike.
      ...Object.keys(STATUS_BY_CODE),
    ];
    const named = [...runbook.matchAll(/(?<![\w"*])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?!\w)/g)].map(
      ([, n]) => n!,
    );
    expect(named.length).toBeGreaterThan(30);
    const isKnown = (name: string) =>
      known.includes(name) ||
      (runbook.includes(`${name}_*`) && known.some((one) => one.startsWith(`${name}_`)));
    expect([...new Set(named)].filter((name) => !isKnown(name))).toEqual([]);
  });

  it('of files are in the checkout', () => {
    const named = [...codeSpans, ...typed.flatMap((command) => command.split(' '))].filter(
      (text) => /^(?:deploy|src|scripts|test)\/\S+$/.test(text) || /^[\w.-]+\.(?:md|yml|mjs)$/.test(text),
    );
    expect(named.length).toBeGreaterThan(8);
    // The operator's own.
    const missing = named
      .filter((name) => name !== 'docker-compose.override.yml' && name !== 'make-secrets.mjs')
      .filter((name) => !existsSync(path.join(checkout, name)));
    expect(missing).toEqual([]);
  });

  it('of secrets are those that are made', () => {
    const script = read('deploy', 'make-secrets.mjs');
    const named = [...runbook.matchAll(/secrets\/((?:app|postgres|redis)\/\w+(?:\.\w+)?)/g)].map(
      ([, name]) => name!,
    );
    expect(named.length).toBeGreaterThan(5);
    const made = [...script.matchAll(/^ {2}'(\w+\/[\w.]+)':/gm)].map(([, name]) => name!);
    expect(named.filter((name) => !made.includes(name) && name !== 'postgres/mc101_')).toEqual([]);
  });

  it('of sections lead somewhere', () => {
    const headings = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, text]) => text!);
    const pointedAt = [...runbook.matchAll(/\bsee ([A-Z][\w ]+?)(?=[;:,.|)]|\s+\|)/g)].map(
      ([, name]) => name!,
    );
    expect(pointedAt.length).toBeGreaterThan(1);
    expect(pointedAt.filter((name) => !headings.includes(name.trim()))).toEqual([]);
  });
});

it('what the service is quoted to say, it says', () => {
  /** Of Docker and of PostgreSQL. */
  const ofOthers = [/^Pool overlaps/, /^role /];
  const table = runbook.slice(runbook.indexOf('## When something is wrong'), runbook.indexOf('## Alarms'));
  const quoted = [...table.matchAll(/^\| `([^`]+)` +\|/gm)]
    .map(([, text]) => text!)
    .filter((text) => ofOthers.every((pattern) => !pattern.test(text)));
  expect(quoted.length).toBeGreaterThan(2);
  const sources = readdirSync(path.join(checkout, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => read('src', file))
    .join('');
  const said = (text: string) =>
    sources.includes(text.replace('DATABASE_URL', '${name}').replace('DATABASE_URL', '${name}'));
  expect(quoted.filter((text) => !said(text))).toEqual([]);
});

it('every alarm has its section, under the anchor that it names, and no section is left over', () => {
  const { groups } = parse(read('deploy', 'prometheus', 'alerts.yml')) as {
    groups: { rules: { annotations: { runbook: string } }[] }[];
  };
  const named = groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.runbook));
  const alarms = runbook.slice(runbook.indexOf('\n## Alarms'));
  const anchors = [...alarms.matchAll(/^### (.+)$/gm)].map(
    ([, heading]) => `deploy/README.md#${heading!.toLowerCase().replaceAll(' ', '-')}`,
  );
  expect(anchors).toEqual(named);
});
