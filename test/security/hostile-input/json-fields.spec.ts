import { afterAll, describe, expect, it } from '@jest/globals';
import { problemWithEcho } from './acceptable.js';
import { HOSTILE_STRINGS, HOSTILE_VALUES } from './naughty.js';
import { LANES, Stage } from './stage.js';
import { tryAll, type Try } from './try-all.js';

const stage = await Stage.build();
afterAll(() => stage.close());

const withBody = stage.operations.filter(({ bodyFields }) => bodyFields !== undefined);

/** They send browsers on instead of answering: test/security/oauth spoils those. */
const REDIRECTS = ['GET /auth/oauth/{provider}/start', 'GET /auth/oauth/{provider}/callback'];
const answering = stage.operations.filter(({ key }) => !REDIRECTS.includes(key));

describe('the routes as the service describes them', () => {
  it('name the fields that are known to be there', () => {
    const fieldsOf = (key: string) =>
      withBody.find((operation) => operation.key === key)?.bodyFields?.toSorted();
    expect(fieldsOf('POST /users/register')).toEqual(['email', 'invitation', 'name', 'password', 'username']);
    expect(fieldsOf('POST /users/notes')).toEqual([
      'content',
      'password',
      'personal_encryption',
      'tags',
      'title',
    ]);
    expect(withBody.length).toBeGreaterThan(9);
  });

  it.each(answering)('$key accepts the request that is spoilt in these tests', async (operation) => {
    const answer = await stage.send(operation, await stage.goodRequest(operation, 0));
    await stage.tidy(operation, 0, answer.status);
    expect(answer.text).not.toContain('"error":{');
    expect([200, 201, 202, 204]).toContain(answer.status);
  });
});

describe('a hostile value in a field of a body', () => {
  it.each(withBody)(
    '$key refuses it in the error shape or takes it exactly as it is',
    async (operation) => {
      const tries = (operation.bodyFields ?? []).flatMap((field): Try[] => {
        const inLists = Array.isArray(operation.samples[field])
          ? HOSTILE_STRINGS.map((text) => JSON.stringify([text]))
          : [];
        return [...HOSTILE_VALUES, ...inLists].map((value) => ({
          where: field,
          what: value,
          spoil: ({ body }) => ({ body: withField(withoutRival(operation.key, body, field), field, value) }),
          judge: (answer) => problemWithEcho(answer, field, value),
        }));
      });
      expect(await tryAll(stage, operation, tries)).toEqual([]);
      // Had one of them spoilt what the next ones are about, those would have been refused for that.
      for (let lane = 0; lane < LANES; lane++) {
        const answer = await stage.send(operation, await stage.goodRequest(operation, lane));
        await stage.tidy(operation, lane, answer.status);
        expect({ lane, status: answer.status, isFine: answer.status < 300 }).toEqual({
          lane,
          status: answer.status,
          isFine: true,
        });
      }
    },
    120_000,
  );
});

/** A login takes an address or a username: beside the other one a hostile one would never be looked at. */
function withoutRival(key: string, body: Record<string, unknown>, field: string): Record<string, unknown> {
  if (key !== 'POST /users/login' || field !== 'username') return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'email'));
}

/** A body with `value`, which is JSON text, in the place of a field. */
function withField(body: Record<string, unknown>, field: string, value: string): string {
  const others = Object.entries(body).filter(([name]) => name !== field);
  const members = others.map(([name, other]) => `${JSON.stringify(name)}:${JSON.stringify(other)}`);
  return `{${[...members, `${JSON.stringify(field)}:${value}`].join()}}`;
}
