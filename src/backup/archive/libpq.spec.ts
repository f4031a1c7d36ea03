import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { libpqTarget, sweepPassFiles, withPassFile } from './libpq.js';

/** Reads keyword/value pairs by the rules of libpq: all values in quotes, in which a backslash escapes. */
function parseConninfo(text: string): Record<string, string> {
  const pair = /^ ?(\w+)='((?:[^'\\]|\\.)*)'/s;
  const values: Record<string, string> = {};
  for (let rest = text; rest !== '';) {
    const [whole, name, value] = pair.exec(rest) ?? [];
    if (whole === undefined) throw new Error(`libpq would not understand: ${rest}`);
    values[name!] = value!.replace(/\\(.)/gs, '$1');
    rest = rest.slice(whole.length);
  }
  return values;
}

const read = (url: string, database?: string) => parseConninfo(libpqTarget(url, database).conninfo);

/** Everything that means something to a URL, to libpq's pairs, to a passfile or to a shell. */
const ODD = `a 'b' "c" \\d :e @f /g %h $i =j ünïcödé 木`;

describe('an address for the programs of PostgreSQL', () => {
  it('is that of the URL', () => {
    expect(
      libpqTarget('postgresql://owner:hush@db.example.org:5433/mc101?sslmode=verify-full'),
    ).toMatchObject({
      conninfo: "host='db.example.org' port='5433' user='owner' dbname='mc101' sslmode='verify-full'",
      password: 'hush',
    });
  });

  it('has an IPv6 address without brackets', () => {
    expect(read('postgresql://owner@[fd00::1]:5433/mc101')).toMatchObject({ host: 'fd00::1', port: '5433' });
  });

  it('has the folder of a socket', () => {
    const target = read('postgresql://owner:hush@/mc101?host=/run/post%20gresql&port=5434');
    expect(target).toEqual({ host: '/run/post gresql', port: '5434', user: 'owner', dbname: 'mc101' });
  });

  it('keeps every character of user and database', () => {
    const url = `postgresql://${encodeURIComponent(ODD)}@db/${encodeURIComponent(ODD)}`;
    expect(read(url)).toMatchObject({ user: ODD, dbname: ODD });
    expect(read(url, `other ${ODD}`)).toMatchObject({ user: ODD, dbname: `other ${ODD}` });
  });

  it.each([
    ['no-verify', 'require'],
    ['require', 'verify-full'],
    ['disable', 'disable'],
  ])('has sslmode %s in the words of libpq: %s', (ours, theirs) => {
    expect(read(`postgresql://owner@db/mc101?sslmode=${ours}`)).toMatchObject({ sslmode: theirs });
  });

  it('leaves out what only our driver knows, and the password wherever it stands', () => {
    const url =
      'postgresql://owner@db/mc101?password=hush&pool_max=5&sslmode=disable&target_session_attrs=any';
    expect(read(url)).toEqual({
      host: 'db',
      port: '5432',
      user: 'owner',
      dbname: 'mc101',
      sslmode: 'disable',
      target_session_attrs: 'any',
    });
    expect(libpqTarget(url).password).toBe('hush');
  });
});

describe('a passfile', () => {
  const url = (user: string) => `postgresql://${user}:${encodeURIComponent(ODD)}@db/mc101`;

  it('holds the password, for this user alone, as long as the work lasts', async () => {
    const target = libpqTarget(url('holder'));
    const file = await withPassFile(target, async ({ PGPASSFILE = '' }) => {
      expect((await stat(PGPASSFILE)).mode & 0o777).toBe(0o600);
      expect((await stat(path.dirname(PGPASSFILE))).mode & 0o777).toBe(0o700);
      const [, escaped = ''] = /^\*:\*:\*:\*:(.*)\n$/s.exec(await readFile(PGPASSFILE, 'utf8')) ?? [];
      // A colon that is not escaped would end the password.
      expect(escaped).not.toMatch(/(?<!\\):/);
      expect(escaped.replace(/\\(.)/gs, '$1')).toBe(ODD);
      return PGPASSFILE;
    });
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  it('is gone after work that fails, too', async () => {
    let file = '';
    const work = withPassFile(libpqTarget(url('failing')), ({ PGPASSFILE = '' }) => {
      file = PGPASSFILE;
      return Promise.reject(new Error('no'));
    });
    await expect(work).rejects.toThrow('no');
    expect([file !== '', existsSync(path.dirname(file))]).toEqual([true, false]);
  });

  it('is not made where there is no password', async () => {
    const target = libpqTarget('postgresql://trusted@db/mc101');
    await withPassFile(target, (env) => {
      expect(env).toEqual({});
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith(target.passFilePrefix))).toEqual([]);
      return Promise.resolve();
    });
  });

  it('that a killed run left is swept away, also where it was for a database beside this one, and no other', async () => {
    const left = await Promise.all(
      [libpqTarget(url('swept')), libpqTarget(url('swept'), 'mc101_scratch')].map((target) =>
        mkdtemp(path.join(tmpdir(), target.passFilePrefix)),
      ),
    );
    await mkdir(path.join(left[0]!, 'below'));
    const ofAnother = await mkdtemp(path.join(tmpdir(), libpqTarget(url('other')).passFilePrefix));
    try {
      await sweepPassFiles(url('swept'));
      expect(left.map(existsSync)).toEqual([false, false]);
      expect(existsSync(ofAnother)).toBe(true);
    } finally {
      await rm(ofAnother, { recursive: true });
    }
  });
});
