import { describe, expect, it, jest } from '@jest/globals';
import { postgresConnection } from './postgres-connection.js';

const ODD = `m@c+1 #?&=,;:/x%23'"`;

describe('what a PostgreSQL URL says', () => {
  it('is host, port, role, password and what else it names', () => {
    expect(postgresConnection('postgresql://app:p%40ss@[fd00::1]:6432/votes?options=-c%20a%3Db')).toEqual({
      host: 'fd00::1',
      port: 6432,
      user: 'app',
      password: 'p@ss',
      database: 'votes',
      options: '-c a=b',
    });
    expect(postgresConnection('postgresql://app:x@/votes?host=/run/pg&port=5433')).toMatchObject({
      host: '/run/pg',
      port: 5433,
      database: 'votes',
    });
  });

  it('has every character of the database, in the URL and beside it', () => {
    const url = 'postgresql://app@db/';
    expect(postgresConnection(`${url}${encodeURIComponent(ODD)}`).database).toBe(ODD);
    expect(postgresConnection(`${url}votes?sslmode=disable`, ODD)).toMatchObject({
      database: ODD,
      ssl: false,
    });
  });

  it('may hold a percent sign that stands for itself', () => {
    expect(postgresConnection('postgresql://app:10%off@db/50%o')).toMatchObject({
      password: '10%off',
      database: '50%o',
    });
  });
});

it.each(['prefer', 'require', 'verify-ca'])(
  'sslmode=%s checks certificate and name, without a word of warning',
  (mode) => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const connection = postgresConnection(`postgresql://a:b@db/x?application_name=y&sslmode=${mode}`);
    expect(connection.ssl).toEqual({});
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  },
);
