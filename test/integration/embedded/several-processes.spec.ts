import { afterEach, describe, expect, it } from '@jest/globals';
import { ServiceProcess } from './service-process.js';
import { eventually, isServerRunning, query, recordedServerPid, Surroundings } from './surroundings.js';

const surroundings = new Surroundings();
const processes: ServiceProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  processes.length = 0;
  await surroundings.cleanUp();
});

function launch(kind: 'service' | 'command', dataDir: string, fsync = false): ServiceProcess {
  const launched = new ServiceProcess(kind, { dataDir, dataDirIsDefault: false, fsync });
  processes.push(launched);
  return launched;
}

describe('two services on one data folder', () => {
  it('the second is refused and told the pid of the first, which goes on', async () => {
    const dataDir = await surroundings.dataDir();
    const first = launch('service', dataDir);
    const { appUrl } = await first.ready();
    const refusal = await launch('service', dataDir).refusal();
    expect(refusal).toContain(`pid ${first.pid}`);
    expect(refusal).toContain('DATA_DIR');
    expect(await query(appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('of three that start at once on an empty folder exactly one wins', async () => {
    const dataDir = await surroundings.dataDir();
    const starters = [1, 2, 3].map(() => launch('service', dataDir));
    const outcomes = await Promise.all(starters.map(({ outcome }) => outcome));
    expect(outcomes.filter(({ ready }) => ready)).toHaveLength(1);
    const winner = starters[outcomes.findIndex(({ ready }) => ready)]!;
    for (const { refused } of outcomes.filter((outcome) => outcome.refused)) {
      expect(refused).toMatchObject({ name: 'StartupError' });
      expect(refused?.message).toMatch(/already runs .*\(pid \d+\)/);
    }
    await winner.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
  });
});

describe('after kill -9 of the service', () => {
  it('the next start adopts the server, with what was committed, and stops it in the end', async () => {
    const dataDir = await surroundings.dataDir();
    const first = launch('service', dataDir);
    const { ownerUrl } = await first.ready();
    await query(ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS vote');
    const pid = recordedServerPid(dataDir);
    await first.kill();

    const second = launch('service', dataDir);
    await second.ready();
    expect(recordedServerPid(dataDir)).toBe(pid);
    expect(second.progress.join('\n')).toContain(`Adopting the database server`);
    expect(await query(ownerUrl, 'TABLE kept')).toEqual([{ vote: 1 }]);
    await second.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
  });

  it('an adopted server that is killed in turn is started again', async () => {
    const dataDir = await surroundings.dataDir();
    const first = launch('service', dataDir);
    const { appUrl } = await first.ready();
    await first.kill();
    const second = launch('service', dataDir);
    await second.ready();
    const pid = recordedServerPid(dataDir);
    process.kill(pid, 'SIGKILL');
    const rows = await eventually(async () =>
      recordedServerPid(dataDir) === pid ? undefined : await query(appUrl, 'SELECT 1 AS one'),
    );
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('a server with other settings is stopped and started with the right ones', async () => {
    const dataDir = await surroundings.dataDir();
    const first = launch('service', dataDir, false);
    await first.ready();
    const pid = recordedServerPid(dataDir);
    await first.kill();

    const second = launch('service', dataDir, true);
    const { appUrl } = await second.ready();
    expect(recordedServerPid(dataDir)).not.toBe(pid);
    expect(await query(appUrl, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('and of its server, the next start recovers', async () => {
    const dataDir = await surroundings.dataDir();
    const first = launch('service', dataDir);
    const { ownerUrl } = await first.ready();
    await query(ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS vote');
    const pid = recordedServerPid(dataDir);
    await first.kill();
    process.kill(pid, 'SIGKILL');

    await launch('service', dataDir).ready();
    expect(await query(ownerUrl, 'TABLE kept')).toEqual([{ vote: 1 }]);
  });
});

describe('an operator command', () => {
  it('uses the database of the running service and leaves it running', async () => {
    const dataDir = await surroundings.dataDir();
    const service = launch('service', dataDir);
    await service.ready();
    const pid = recordedServerPid(dataDir);
    const command = launch('command', dataDir);
    const { appUrl } = await command.ready();
    expect(await query(appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await command.stop();
    expect(recordedServerPid(dataDir)).toBe(pid);
    expect(await query(appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts the database when none runs, and the last command stops it', async () => {
    const dataDir = await surroundings.dataDir();
    const commands = [launch('command', dataDir), launch('command', dataDir)];
    const [database] = await Promise.all(commands.map((command) => command.ready()));
    await commands[0]!.stop();
    expect(await query(database!.appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await commands[1]!.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
  });

  it('hands the server that it started over to a service that starts meanwhile', async () => {
    const dataDir = await surroundings.dataDir();
    const command = launch('command', dataDir);
    await command.ready();
    const service = launch('service', dataDir);
    const { appUrl } = await service.ready();
    await command.stop();
    expect(await query(appUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await service.stop();
    expect(await isServerRunning(dataDir)).toBe(false);
  });
});
