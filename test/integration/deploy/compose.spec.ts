import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { existsSync, readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import path from 'node:path';
import { parseEnv as parseEnvFile } from 'node:util';
import { externalDatabase } from '../../../src/config/app-config.js';
import { ENV_NAMES } from '../../../src/config/env.schema.js';
import { parseEnv } from '../../../src/config/parse-env.js';
import { STOP_LIMITS_MS } from '../../../src/stop-stages.js';
import { checkout } from '../../support/service-process.js';
import {
  composeText,
  environmentOf,
  interpolatedVariables,
  mountsOf,
  networksOf,
  readComposeFile,
  secondsOf,
  service,
  type ComposeService,
} from './compose-file.js';
import { environmentOfImage, finalStage, stepsOf } from './dockerfile.js';
import { SecretsFolder } from './made-secrets.js';

const OWN_IMAGE = 'mc101:local';

/** What the images of others read; of ours, src/config says it. */
const VARIABLES_OF_IMAGES: Record<string, readonly string[]> = {
  postgres: ['POSTGRES_PASSWORD_FILE', 'POSTGRES_INITDB_ARGS'],
};

/** Folders that the first start makes, in the checkout but not in git. */
const MADE_AT_RUN_TIME = [
  './secrets',
  './secrets/app',
  './secrets/postgres',
  './secrets/redis',
  './backups',
  './secrets/tls',
];

const { services, networks, volumes } = readComposeFile();
const read = (...names: string[]) => readFileSync(path.join(checkout, ...names), 'utf8');

let secrets: SecretsFolder;
beforeAll(async () => {
  secrets = await SecretsFolder.make();
  await secrets.fill();
});
afterAll(() => secrets.remove());

describe('the file', () => {
  function findFaults(document: unknown): unknown[] {
    const schema = JSON.parse(
      readFileSync(path.join(import.meta.dirname, 'compose-spec.schema.json'), 'utf8'),
    );
    // The validator knows its draft by another address than the one that stands there.
    delete schema.$schema;
    const ajv = addFormats.default(new Ajv({ strict: false, allErrors: true }));
    const validate = ajv.compile(schema);
    validate(document);
    return validate.errors ?? [];
  }

  it('is as the Compose Specification wants it', () => {
    expect(findFaults(readComposeFile())).toEqual([]);
    expect(readComposeFile()).not.toHaveProperty('version');
  });

  it.each<[string, object]>([
    ['a key that does not exist', { restrat: 'always' }],
    ['a condition that does not exist', { depends_on: { postgres: { condition: 'service_ready' } } }],
    ['a port that is none', { ports: [{ target: true }] }],
  ])('would be refused with %s', (_what, fault) => {
    const document = readComposeFile();
    Object.assign(document.services['app']!, fault);
    expect(findFaults(document)).not.toEqual([]);
  });
});

describe('the environment', () => {
  it('of the service has only variables that the service reads', () => {
    const known = ENV_NAMES.flatMap((name) => [name, `${name}_FILE`]);
    const ours = Object.keys(services).filter((name) => services[name]!.image === OWN_IMAGE);
    expect(ours).toEqual(['secrets', 'app']);
    for (const name of ours)
      expect(Object.keys(environmentOf(name)).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('of every other container has only variables that its image reads', () => {
    const readByNginx = [...read('deploy', 'nginx', 'entrypoint.sh').matchAll(/\$\{(NGINX_\w+):-/g)];
    const known: Record<string, readonly string[]> = {
      ...VARIABLES_OF_IMAGES,
      nginx: readByNginx.map(([, name]) => name!),
    };
    for (const [name, { image }] of Object.entries(services)) {
      if (image === OWN_IMAGE) continue;
      const unknown = Object.keys(environmentOf(name)).filter((variable) => !known[name]?.includes(variable));
      expect([name, unknown]).toEqual([name, []]);
    }
  });

  it('takes from .env only what .env.example or nginx knows', () => {
    const nginx = Object.keys(environmentOf('nginx'));
    const unknown = interpolatedVariables().filter(
      (name) => !nginx.includes(name) && !(ENV_NAMES as string[]).includes(name),
    );
    expect(unknown).toEqual([]);
    expect(interpolatedVariables()).toContain('PUBLIC_URL');
  });

  it('starts in production from an untouched copy of .env.example and the secrets that were made', () => {
    const fromFile = parseEnvFile(read('.env.example'));
    const inContainer = { ...environmentOfImage(), ...fromFile, ...environmentOf('app') };
    const env = parseEnv(
      Object.fromEntries(
        Object.entries(inContainer).map(([name, value]) => [name, onThisMachine('app', value ?? '')]),
      ),
    );
    expect(env).toMatchObject({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      METRICS_HOST: '0.0.0.0',
      PUBLIC_URL: 'https://localhost',
    });
    const urls = externalDatabase(env)!;
    expect(new URL(urls.app)).toMatchObject({ hostname: 'postgres', username: 'mc101_app' });
    expect(new URL(urls.owner)).toMatchObject({ hostname: 'postgres', username: 'mc101_owner' });
    expect(Object.keys(services)).toContain(new URL(urls.app).hostname);
  });

  /** Where a path in a container's secrets lies in the folder that was filled above. */
  function onThisMachine(name: string, value: string): string {
    const mount = mountsOf(name).find(({ target }) => target === '/run/secrets');
    return mount && value.startsWith('/run/secrets/')
      ? value.replace('/run/secrets', secrets.path(path.relative('secrets', mount.source)))
      : value;
  }

  it('names only secrets that are made, each mounted where it is looked for', () => {
    const wanted = Object.entries(services).flatMap(([name, { command = [], healthcheck }]) =>
      [...Object.values(environmentOf(name)), ...command, ...(healthcheck?.test ?? [])]
        .flatMap((text) => [...text.matchAll(/\/run\/secrets\/[\w.]+/g)])
        .map(([file]) => onThisMachine(name, file)),
    );
    expect(wanted.length).toBeGreaterThan(6);
    expect(wanted.filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe('paths', () => {
  it('that are mounted are in the checkout or are made by the first start', () => {
    for (const name of Object.keys(services))
      for (const { source, isPath } of mountsOf(name)) {
        const isThere = isPath
          ? MADE_AT_RUN_TIME.includes(source) || existsSync(path.join(checkout, source))
          : Object.keys(volumes).includes(source);
        expect([name, source, isThere]).toEqual([name, source, true]);
      }
  });

  it('of the checkout are never written to by a container', () => {
    for (const name of Object.keys(services))
      for (const { source, isPath, isReadOnly } of mountsOf(name))
        if (isPath && !MADE_AT_RUN_TIME.includes(source))
          expect([source, isReadOnly]).toEqual([source, true]);
  });

  it('where the service writes are volumes; all else is closed to writing', () => {
    const { DATA_DIR, BACKUP_DIR } = environmentOf('app');
    const writable = mountsOf('app').filter(({ isReadOnly }) => !isReadOnly);
    expect(writable.map(({ target }) => target).sort()).toEqual([BACKUP_DIR, DATA_DIR].sort());
    expect(service('app')).toMatchObject({ read_only: true, tmpfs: [expect.stringMatching(/^\/tmp:/)] });
    // The folders that the first container hands to the user of the service.
    expect(service('secrets').entrypoint).toEqual([
      'node',
      'deploy/make-secrets.mjs',
      '/secrets',
      ...mountsOf('secrets')
        .map(({ target }) => target)
        .filter((target) => target !== '/secrets'),
    ]);
    expect(mountsOf('secrets').map(({ source }) => source)).toEqual(
      expect.arrayContaining(writable.map(({ source }) => source)),
    );
  });
});

describe('rights', () => {
  const isOurs = ([, { image }]: [string, ComposeService]) => image === OWN_IMAGE;

  it.each(Object.entries(services))('of %s are dropped but for those it names', (_name, container) => {
    expect(container.cap_drop).toEqual(['ALL']);
    expect(container.security_opt).toEqual(['no-new-privileges:true']);
    expect(container.privileged).toBeUndefined();
  });

  it('of the service are those of an ordinary user, the same as in the image', () => {
    expect(service('app').user).toBe(stepsOf(finalStage(), 'USER').at(-1)?.text);
    expect(service('app').user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const name of ['postgres', 'redis', 'mailpit']) expect(service(name).user).toMatch(/^[1-9]/);
  });

  it('leave root no network', () => {
    for (const [name, { user, network_mode }] of Object.entries(services).filter(isOurs))
      if (user === '0:0') expect([name, network_mode]).toEqual([name, 'none']);
  });
});

describe('networks', () => {
  it('let only nginx be reached from other machines', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => [name, port]),
    );
    expect(published).toEqual([
      ['nginx', '80:80'],
      ['nginx', '443:443'],
    ]);
  });

  it('keep the database and Redis away from all but the service', () => {
    expect(networks['back']?.internal).toBe(true);
    for (const name of ['postgres', 'redis']) expect(networksOf(name)).toEqual(['back']);
    const inBack = Object.keys(services).filter((name) => networksOf(name).includes('back'));
    expect(inBack).toEqual(['app', 'postgres', 'redis']);
  });

  it('have the service believe nginx, and nobody else, about who the client is', () => {
    const [front] = networks['front']!.ipam!.config;
    const address = (service('nginx').networks as Record<string, { ipv4_address: string }>)['front']!
      .ipv4_address;
    expect(environmentOf('app')['TRUSTED_PROXIES']).toBe(address);
    expect(contains(front!.subnet, address)).toBe(true);
    // Nobody else is ever given this one.
    expect(contains(front!.ip_range, address)).toBe(false);
    expect(contains(front!.subnet, front!.ip_range.split('/')[0]!)).toBe(true);
  });

  function contains(network: string, address: string): boolean {
    const [base, bits] = network.split('/');
    expect(isIP(base!)).toBe(4);
    const list = new BlockList();
    list.addSubnet(base!, Number(bits));
    return list.check(address);
  }

  it('meet the service at the ports that it listens on', () => {
    const { PORT, METRICS_PORT } = environmentOf('app');
    const fromExample = parseEnvFile(read('.env.example'));
    expect([PORT, METRICS_PORT]).toEqual([fromExample['PORT'], fromExample['METRICS_PORT']]);
    expect(service('app').expose).toEqual([PORT, METRICS_PORT]);
    expect(stepsOf(finalStage(), 'EXPOSE')[0]?.words).toEqual([PORT, METRICS_PORT]);
    expect(environmentOfImage()['PORT']).toBe(PORT);
    expect(environmentOf('nginx')['NGINX_APP_SERVERS']).toBe(`app:${PORT!}`);
  });
});

describe('any number of processes of the service', () => {
  it('can run, because nothing in the file is there only once', () => {
    const app = service('app');
    expect(app.container_name).toBeUndefined();
    expect(app.ports).toBeUndefined();
    expect(app.networks).toEqual(['front', 'back']);
  });
});

describe('starting and stopping', () => {
  it('waits for what each container needs', () => {
    for (const [name, { depends_on = {} }] of Object.entries(services))
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const { healthcheck } = service(needed);
        const isOneShot = condition === 'service_completed_successfully';
        expect([name, needed, condition]).toEqual([name, needed, isOneShot ? condition : 'service_healthy']);
        if (isOneShot) expect(service(needed)).toMatchObject({ restart: 'no' });
        else expect(healthcheck?.test?.[0]).toMatch(/^CMD/);
      }
    expect(Object.keys(service('app').depends_on!).sort()).toEqual(['postgres', 'redis', 'secrets']);
    expect(Object.keys(service('nginx').depends_on!)).toEqual(['app']);
  });

  it('asks the service for its health as the image does', () => {
    const { words } = stepsOf(finalStage(), 'HEALTHCHECK')[0]!;
    expect(service('app').healthcheck?.test).toEqual(['CMD', ...words]);
  });

  it('gives the service longer than it may take to finish', () => {
    const hardLimit = Object.values(STOP_LIMITS_MS).reduce((sum, limit) => sum + limit) / 1000;
    expect(secondsOf(service('app').stop_grace_period!)).toBeGreaterThan(hardLimit);
  });

  it('gives nginx longer than its workers may take to finish', () => {
    const template = read('deploy', 'nginx', 'nginx.conf.template');
    const limit = secondsOf(/worker_shutdown_timeout (\w+);/.exec(template)![1]!);
    expect(secondsOf(service('nginx').stop_grace_period!)).toBeGreaterThan(limit);
  });
});

describe('versions', () => {
  const majorOfServer = /^postgres:(\d+)-/.exec(service('postgres').image!)![1]!;

  it('of the client programs in the image is that of the server', () => {
    const installed = finalStage()
      .steps.filter(({ keyword }) => keyword === 'RUN')
      .flatMap(({ text }) => [...text.matchAll(/postgresql-client-(\d+)/g)].map(([, major]) => major));
    expect(installed).toEqual([majorOfServer]);
    const folder = `/usr/lib/postgresql/${majorOfServer}/bin`;
    expect([environmentOfImage()['PG_BIN_DIR'], environmentOf('app')['PG_BIN_DIR']]).toEqual([
      folder,
      folder,
    ]);
  });

  it('of every image is named', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:(?:v?\d|local$)/);
    expect(composeText).not.toContain(':latest');
  });
});
