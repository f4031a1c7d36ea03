import { describe, expect, it } from '@jest/globals';
import { parsePostgresUrl } from './postgres-url.js';

describe('a PostgreSQL URL', () => {
  it('with a host is read as it stands', () => {
    const url = parsePostgresUrl('postgresql://app:p%40ss@db.example:6432/votes?sslmode=require');
    expect(url.href).toBe('postgresql://app:p%40ss@db.example:6432/votes?sslmode=require');
  });

  it('for a Unix socket keeps user, database and folder', () => {
    const { username, password, pathname, searchParams } = parsePostgresUrl(
      'postgresql://app:secret@/votes?host=/run/pg',
    );
    expect({ username, password, pathname }).toEqual({
      username: 'app',
      password: 'secret',
      pathname: '/votes',
    });
    expect(searchParams.get('host')).toBe('/run/pg');
  });

  it('that is none is refused', () => {
    expect(() => parsePostgresUrl('db.example/votes')).toThrow('Invalid URL');
  });
});
