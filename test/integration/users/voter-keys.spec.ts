import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type pg from 'pg';
import { AppModule } from '../../../src/app.module.js';
import { UserExistsError } from '../../../src/users/users.errors.js';
import { AddressesService } from '../../../src/users/addresses.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { testConfig } from '../../support/test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from '../../support/test-database.js';
import { unique } from '../../support/test-server.js';

let database: TestDatabase;
let app: INestApplicationContext;
let users: UsersService;
let addresses: AddressesService;
let sql: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await NestFactory.createApplicationContext(AppModule.forRoot(testConfig(database.urls)), {
    logger: false,
  });
  users = app.get(UsersService);
  addresses = app.get(AddressesService);
  sql = openPool(database.urls.owner);
});
afterAll(async () => {
  await app.close();
  await sql.end();
  await database.drop();
});

const address = () => `${unique()}@b\u00fccher.example`;
const create = (email: string) => users.create({ name: 'Voter', email, passwordHash: null });
const remove = (id: number) => sql.query('DELETE FROM users WHERE id = $1', [id]);
const keyOf = async (id: number) => {
  const { rows } = await sql.query<{ voter_key: string }>('SELECT voter_key FROM users WHERE id = $1', [id]);
  return rows[0]!.voter_key;
};

describe('a person stays one voter', () => {
  it('who deletes the account and registers again, in any spelling of the address', async () => {
    const email = address();
    const first = await create(email);
    await remove(first.id);
    const again = await create(email.toUpperCase().replace('B\u00dcCHER', 'xn--bcher-kva'));
    expect(again.id).not.toBe(first.id);
    expect(again.voterKey).toBe(first.voterKey);
  });

  it('who moves to another address, and whoever comes to the old one', async () => {
    const [from, to] = [address(), address()];
    const person = await create(from);
    await addresses.changeEmail(person.id, to);
    expect(await keyOf(person.id)).toBe(person.voterKey);
    const successor = await create(from);
    expect(successor.voterKey).toBe(person.voterKey);
    await remove(person.id);
    expect((await create(to)).voterKey).toBe(person.voterKey);
  });

  it('who moves to an address that another account once held: the two are one from then on', async () => {
    const [mine, theirs] = [address(), address()];
    const other = await create(theirs);
    await remove(other.id);
    const person = await create(mine);
    expect(person.voterKey).not.toBe(other.voterKey);
    await addresses.changeEmail(person.id, theirs);
    expect(await keyOf(person.id)).toBe(other.voterKey);
    // The address left behind counts as the same person too.
    expect((await create(mine)).voterKey).toBe(other.voterKey);
  });

  it('who moves there and back', async () => {
    const [home, away] = [address(), address()];
    const person = await create(home);
    await addresses.changeEmail(person.id, away);
    await addresses.changeEmail(person.id, home);
    expect(await keyOf(person.id)).toBe(person.voterKey);
  });
});

it('two people are two voters, and no table says whose key is whose', async () => {
  const [one, other] = [await create(address()), await create(address())];
  expect(one.voterKey).not.toBe(other.voterKey);
  const { rows } = await sql.query<{ email_hmac: Buffer }>('SELECT email_hmac FROM voter_keys');
  for (const { email_hmac: hmac } of rows) {
    expect(hmac).toHaveLength(32);
    expect(hmac.includes(Buffer.from('example'))).toBe(false);
  }
});

it('an address that is taken stays where it is, and the key with it', async () => {
  const [one, other] = [await create(address()), await create(address())];
  await expect(addresses.changeEmail(one.id, other.email)).rejects.toThrow(UserExistsError);
  expect(await keyOf(one.id)).toBe(one.voterKey);
  expect(await keyOf(other.id)).toBe(other.voterKey);
});

it('who moves to an address that others register at this moment gets it or not, and nobody stands in a deadlock', async () => {
  for (let round = 0; round < 40; round += 1) {
    const person = await create(address());
    const email = address();
    const outcomes = await Promise.allSettled([
      create(email),
      addresses.changeEmail(person.id, email),
      create(email),
    ]);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([expect.any(UserExistsError), expect.any(UserExistsError)]);
  }
});

it('many who register one address at once make one account, and a refused registration no voter', async () => {
  const email = address();
  const before = await sql.query('SELECT 1 FROM voter_keys');
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => create(email)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(UserExistsError);
  }
  const after = await sql.query('SELECT 1 FROM voter_keys');
  expect(after.rowCount).toBe((before.rowCount ?? 0) + 1);
});
