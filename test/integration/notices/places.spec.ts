import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPlaceDatabase } from '../../../src/auth/notices/place-database.js';
import { Places } from '../../../src/auth/notices/places.js';
import { ConfigError } from '../../../src/config/parse-env.js';
import { placeDatabase } from '../../support/place-database.js';
import { testConfig } from '../../support/test-config.js';
import { NoticeStage } from '../../support/notice-stage.js';

const BERLIN = {
  city: { names: { de: 'Berlin (Stadt)', en: 'Berlin' } },
  country: { iso_code: 'DE', names: { en: 'somewhere else' } },
};

let folder: string;
let cities: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-places-'));
  cities = await fileOf(
    placeDatabase({
      '198.51.100.0/24': BERLIN,
      '203.0.113.0/25': { registered_country: { iso_code: 'FR' } },
      '203.0.113.128/25': { country: { iso_code: 'ZZ' } },
      '2001:db8::/32': { ...BERLIN, city: { names: { en: 'x'.repeat(101) } } },
      '192.0.2.0/26': {
        city: { names: { en: 'Two\nlines: http://evil.example' } },
        country: { iso_code: 'IT' },
      },
      '192.0.2.64/26': { city: 'Berlin', country: 'DE' },
      '192.0.2.128/26': { country: { iso_code: 'de' } },
      '192.0.2.192/26': { city: { names: { en: 'Atlantis' } } },
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function fileOf(content: Buffer | string): Promise<string> {
  files += 1;
  const file = path.join(folder, `${files}.mmdb`);
  await writeFile(file, content);
  return file;
}

const urls = { app: '', owner: '', direct: '' };
const places = (env: Record<string, string> = {}) => new Places(testConfig(urls, env));

describe('a place', () => {
  it.each([
    ['8.8.8.8', 'United States'],
    ['::ffff:8.8.8.8', 'United States'],
    ['2001:4860:4860::8888', 'United States'],
    ['193.0.6.139', 'Netherlands'],
    ['192.0.2.1', undefined],
    ['127.0.0.1', 'a private network'],
    ['10.1.2.3', 'a private network'],
    ['100.64.0.1', 'a private network'],
    ['::1', 'a private network'],
    ['::ffff:192.168.0.1', 'a private network'],
    ['fd00::1', 'a private network'],
    ['fe80::1', 'a private network'],
    ['not an address', undefined],
    [null, undefined],
  ])('is a country by itself: %s', async (address, place) => {
    expect(await places().find(address)).toBe(place);
  });

  it.each([
    ['198.51.100.7', 'Berlin, Germany'],
    ['203.0.113.1', 'France'],
    ['203.0.113.200', undefined],
    ['2001:db8::1', 'Germany'],
    ['192.0.2.1', 'Italy'],
    ['192.0.2.65', undefined],
    ['192.0.2.129', undefined],
    ['192.0.2.193', 'Atlantis'],
    ['8.8.8.8', undefined],
  ])(
    'is a city where the operator has a database of them, by names of one line: %s',
    async (address, place) => {
      expect(await places({ GEOIP_DB_PATH: cities }).find(address)).toBe(place);
    },
  );

  it('stands in letters, in the list of sessions and in the export', async () => {
    const stage = await NoticeStage.open({ GEOIP_DB_PATH: cities });
    try {
      const ada = await stage.person();
      const { body } = await stage.logIn(ada, { address: '198.51.100.7' });
      expect((await stage.letter(ada, 'newDevice')).text).toContain('\nPlace: Berlin, Germany\n');
      const here = { ip: '198.51.100.7', device: 'Firefox 131 on Linux', place: 'Berlin, Germany' };
      const api = stage.server.as({ token: body.access_token });
      expect((await api.get('/auth/sessions')).body.items[0]).toMatchObject(here);
      expect((await api.get('/users/export')).body.sessions).toContainEqual(expect.objectContaining(here));
    } finally {
      await stage.close();
    }
  });

  it('is unknown, and the login goes on, where the database has gone', async () => {
    const stage = await NoticeStage.open({ GEOIP_DB_PATH: path.join(folder, 'gone.mmdb') });
    try {
      const ada = await stage.person();
      expect((await stage.logIn(ada)).status).toBe(200);
      expect((await stage.letter(ada, 'newDevice')).text).not.toContain('Place:');
      expect(stage.server.log()).toContain('place_database_unreadable');
    } finally {
      await stage.close();
    }
  });
});

describe('a database that cannot be used', () => {
  it('is refused at the start, in one sentence', async () => {
    const whole = placeDatabase({ '198.51.100.0/24': BERLIN });
    const bad: [string, RegExp][] = [
      [path.join(folder, 'absent.mmdb'), /names a file that cannot be read \(ENOENT\)\.$/],
      [folder, /names a file that cannot be read \(EISDIR\)\.$/],
      [await fileOf(''), /no database in the format of MaxMind/],
      [await fileOf('GEOIP'.repeat(1000)), /no database in the format of MaxMind/],
      [await fileOf(whole.subarray(0, whole.length / 2)), /no database in the format of MaxMind/],
      [await fileOf(placeDatabase({ '198.51.100.0/24': {} }, 'GeoLite2-ASN')), /something else than cities/],
    ];
    for (const [file, message] of bad) {
      const opened = places({ GEOIP_DB_PATH: file }).open();
      await expect(opened).rejects.toBeInstanceOf(ConfigError);
      await expect(opened).rejects.toThrow(message);
    }
  });

  it('answers nothing wrong when it was cut off or damaged behind its beginning', async () => {
    const whole = placeDatabase({ '198.51.100.0/24': BERLIN });
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ 0xff;
      const file = await fileOf(damaged);
      const place = await openPlaceDatabase(file).then(
        (database) =>
          places({ GEOIP_DB_PATH: file })
            .find('198.51.100.7')
            .then((found) => found ?? typeof database),
        () => 'refused',
      );
      expect(place).toMatch(/^\P{C}{1,200}$/u);
    }
  });
});
