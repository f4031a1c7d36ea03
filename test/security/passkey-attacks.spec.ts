import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import type { CborValue } from '../support/cbor.js';
import { PasskeyClient } from '../support/passkey-client.js';
import { SoftwareAuthenticator, type Deviations } from '../support/software-authenticator.js';
import { outcome } from '../support/outcome.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let server: TestServer;
let alice: Actor;
let mallory: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
  mallory = await server.signUp();
});
afterAll(() => server.close());

const newClient = () => new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
const INVALID = [400, 'PASSKEY_INVALID'];
const REFUSED = [401, 'INVALID_CREDENTIALS'];

const offerRegistration = async (actor: Actor) =>
  (await server.as(actor).post('/auth/passkeys/register/options')).body;
const offerLogin = async (named: object = {}) =>
  (await server.api.post('/auth/passkeys/login/options', named)).body;
const register = (actor: Actor, credential: object) =>
  server.as(actor).post('/auth/passkeys/register/verify', { credential });

const otherChallenge = Buffer.alloc(32, 7).toString('base64url');
const statement = (...entries: [string, CborValue][]) => new Map<string, CborValue>(entries);

/** What both ceremonies refuse. */
const WRONG: [what: string, deviations: Deviations][] = [
  ['of another origin', { origin: 'https://evil.example' }],
  ['of our host on another port', { origin: 'http://localhost:8001' }],
  ['of our origin over another scheme', { origin: 'https://localhost:8000' }],
  ['of an origin that only begins as ours', { origin: 'http://localhost:8000.evil.example' }],
  ['of an empty origin', { origin: '' }],
  ['for another relying party', { rpId: 'evil.example' }],
  ['for a domain below ours', { rpId: 'evil.localhost' }],
  ['with a challenge that nobody gave out', { challenge: otherChallenge }],
  ['with an empty challenge', { challenge: '' }],
  ['with a challenge that is no text', { challenge: { length: 43 } as unknown as string }],
  ['with a challenge in a list', { challenge: [otherChallenge] as unknown as string }],
  ['from within another site’s page', { crossOrigin: true }],
  ['from within another site’s page that is named', { crossOrigin: true, topOrigin: 'https://evil.example' }],
  ['that names a page around it and says there is none', { topOrigin: 'https://evil.example' }],
  ['without user verification', { userVerified: false }],
  ['without user presence', { userPresent: false }],
  ['of a payment', { type: 'payment.get' }],
];

describe('a registration', () => {
  it.each(WRONG)('%s is refused', async (_, deviations) => {
    expect(outcome(await newClient().register(alice, deviations))).toEqual(INVALID);
  });

  const REGISTRATIONS: [what: string, deviations: Deviations][] = [
    ['of a login', { type: 'webauthn.get' }],
    ['under the id of another credential', { id: otherChallenge }],
    ['with an algorithm that nobody asked for', { algorithm: -65535 }],
    ['without attestation, but with a statement', { attestation: ['none', statement(['x', 'junk'])] }],
    ['with a made-up format', { attestation: ['made-up', statement()] }],
    [
      'with a wrong signature of its own',
      { attestation: ['packed', statement(['alg', -7], ['sig', Buffer.alloc(70)])] },
    ],
    ...['packed', 'fido-u2f', 'tpm', 'android-key', 'apple', 'android-safetynet'].map(
      (format): [string, Deviations] => [
        `with certificates, as ${format}`,
        {
          attestation: [
            format,
            statement(['alg', -7], ['sig', Buffer.alloc(70)], ['x5c', [Buffer.alloc(200)]]),
          ],
        },
      ],
    ),
  ];

  it.each(REGISTRATIONS)('%s is refused', async (_, deviations) => {
    expect(outcome(await newClient().register(alice, deviations))).toEqual(INVALID);
  });

  it('is good once: its challenge is used up, by a wrong answer too', async () => {
    const { authenticator } = newClient();
    const options = await offerRegistration(alice);
    expect((await register(alice, authenticator.create(options))).status).toBe(201);
    expect(outcome(await register(alice, authenticator.create(options)))).toEqual(INVALID);
    const next = await offerRegistration(alice);
    const wrong = authenticator.create(next, { userVerified: false });
    expect(outcome(await register(alice, wrong))).toEqual(INVALID);
    expect(outcome(await register(alice, authenticator.create(next)))).toEqual(INVALID);
  });

  it('is for who asked for it, in that session; nobody else uses its challenge up', async () => {
    const credential = newClient().authenticator.create(await offerRegistration(alice));
    expect(outcome(await register(mallory, credential))).toEqual(INVALID);
    const elsewhere = { ...alice, token: await server.logIn(alice) };
    expect(outcome(await register(elsewhere, credential))).toEqual(INVALID);
    expect((await register(alice, credential)).status).toBe(201);
  });

  it('takes no challenge of a login', async () => {
    const options = { ...(await offerRegistration(alice)), challenge: (await offerLogin()).challenge };
    expect(outcome(await register(alice, newClient().authenticator.create(options)))).toEqual(INVALID);
  });

  it('takes no challenge that is older than five minutes', async () => {
    const options = await offerRegistration(alice);
    await server.sql.query(`UPDATE passkey_challenges SET expires_at = now() - interval '1 second'`);
    expect(outcome(await register(alice, newClient().authenticator.create(options)))).toEqual(INVALID);
  });

  it('ends with its session', async () => {
    const elsewhere = { ...alice, token: await server.logIn(alice) };
    const credential = newClient().authenticator.create(await offerRegistration(elsewhere));
    await server.as(elsewhere).post('/users/logout');
    expect((await register(elsewhere, credential)).status).toBe(401);
    expect(outcome(await register(alice, credential))).toEqual(INVALID);
  });

  it('of a credential that somebody has is refused, whoever asks', async () => {
    const { authenticator } = newClient();
    await register(alice, authenticator.create(await offerRegistration(alice)));
    const copy = new SoftwareAuthenticator(server.config.publicUrl);
    for (const actor of [alice, mallory]) {
      const options = await offerRegistration(actor);
      const taken = copy.create(options, { credentialId: authenticator.credentials[0]!.id });
      expect(outcome(await register(actor, taken))).toEqual([409, 'PASSKEY_EXISTS']);
    }
  });

  it('a hundred times at once makes one passkey', async () => {
    const bob = await server.signUp();
    const credential = newClient().authenticator.create(await offerRegistration(bob));
    const answers = await Promise.all(Array.from({ length: 100 }, () => register(bob, credential)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 400]));
    expect((await server.as(bob).get('/auth/passkeys')).body.items).toHaveLength(1);
  });
});

describe('a login', () => {
  let client: PasskeyClient;
  beforeAll(async () => {
    client = newClient();
    expect((await client.register(alice)).status).toBe(201);
  });

  it.each(WRONG)('%s is refused', async (_, deviations) => {
    expect(outcome(await client.logIn(deviations))).toEqual(REFUSED);
  });

  const LOGINS: [what: string, deviations: Deviations][] = [
    ['of a registration', { type: 'webauthn.create' }],
    ['with a signature of which one bit is changed', { tamper: flipLastBit }],
    ['with another signature', { tamper: () => Buffer.alloc(70, 1) }],
    ['with next to no signature', { tamper: () => Buffer.from([0]) }],
    ['with a credential that nobody has', { id: otherChallenge }],
    ['without a user, where no name was given', { userHandle: null }],
    ['with another user', { userHandle: otherChallenge }],
    ['by an authenticator that may be copied all of a sudden', { backupEligible: true }],
  ];

  it.each(LOGINS)('%s is refused', async (_, deviations) => {
    expect(outcome(await client.logIn(deviations))).toEqual(REFUSED);
  });

  it('is refused in the same words, whatever was wrong', async () => {
    const answers = await Promise.all(
      [...WRONG, ...LOGINS].map(([, deviations]) => client.logIn(deviations)),
    );
    expect(new Set(answers.map(({ body }) => body.error.message as string)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.error.details))).size).toBe(1);
  });

  it('is good once: its challenge is used up, by a wrong answer too', async () => {
    const options = await offerLogin();
    const credential = client.authenticator.get(options);
    expect((await client.verify(credential)).status).toBe(200);
    expect(outcome(await client.verify(credential))).toEqual(REFUSED);
    expect(outcome(await client.verify(client.authenticator.get(options)))).toEqual(REFUSED);
    const next = await offerLogin();
    expect(outcome(await client.verify(client.authenticator.get(next, { userVerified: false })))).toEqual(
      REFUSED,
    );
    expect(outcome(await client.verify(client.authenticator.get(next)))).toEqual(REFUSED);
  });

  it('a hundred times at once begins one session', async () => {
    const credential = client.authenticator.get(await offerLogin());
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.verify(credential)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
  });

  it('takes no challenge of a registration, and leaves it to its owner', async () => {
    const options = await offerRegistration(alice);
    const challenge = { challenge: options.challenge, rpId: 'localhost' };
    expect(outcome(await client.verify(client.authenticator.get(challenge)))).toEqual(REFUSED);
    expect((await register(alice, newClient().authenticator.create(options))).status).toBe(201);
  });

  it('takes no challenge that is older than five minutes', async () => {
    const options = await offerLogin();
    await server.sql.query(`UPDATE passkey_challenges SET expires_at = now() - interval '1 second'`);
    expect(outcome(await client.verify(client.authenticator.get(options)))).toEqual(REFUSED);
  });

  it('with somebody’s name takes no passkey of somebody else, and none where the name is nobody’s', async () => {
    const other = newClient();
    await other.register(mallory);
    expect(outcome(await other.logIn({}, { email: alice.email }))).toEqual(REFUSED);
    expect(outcome(await other.logIn({}, { username: 'nobody-at-all' }))).toEqual(REFUSED);
    expect((await other.logIn({}, { email: mallory.email })).status).toBe(200);
  });

  it('under the id of another’s passkey does not pass for theirs', async () => {
    const other = newClient();
    await other.register(mallory);
    const { id, userHandle } = client.authenticator.credentials[0]!;
    expect(outcome(await other.logIn({ id }))).toEqual(REFUSED);
    expect(outcome(await other.logIn({ id, userHandle }))).toEqual(REFUSED);
    expect(outcome(await other.logIn({ userHandle }))).toEqual(REFUSED);
  });

  it('cannot be made of data that is signed for something else', async () => {
    const first = client.authenticator.get(await offerLogin());
    const second = client.authenticator.get(await offerLogin());
    for (const part of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
      const mixed = { ...second, response: { ...second.response, [part]: first.response[part] } };
      expect(outcome(await client.verify(mixed))).toEqual(REFUSED);
    }
  });

  it('with a body of the wrong form says which field, and uses no challenge up', async () => {
    const good = client.authenticator.get(await offerLogin());
    const { response } = good;
    for (const [credential, field] of [
      [undefined, 'credential'],
      ['text', 'credential'],
      [[good], 'credential'],
      [{ ...good, id: 'not base64url!' }, 'credential.id'],
      [{ ...good, id: 'A'.repeat(1365) }, 'credential.id'],
      [{ ...good, type: 'password' }, 'credential.type'],
      [{ ...good, unknown: 1 }, 'credential.unknown'],
      [{ ...good, toString: 1 }, 'credential.toString'],
      [{ ...good, response: [] }, 'credential.response'],
      [{ ...good, response: { ...response, signature: '' } }, 'credential.response.signature'],
      [{ ...good, response: { ...response, signature: 'a=' } }, 'credential.response.signature'],
      [{ ...good, response: { ...response, valueOf: {} } }, 'credential.response.valueOf'],
      [{ ...good, response: { ...response, clientDataJSON: 5 } }, 'credential.response.clientDataJSON'],
    ] as const) {
      const { status, body } = await server.api.post('/auth/passkeys/login/verify', { credential });
      expect([status, body.error.details.fields?.[0]?.field]).toEqual([422, field]);
    }
    expect((await client.verify(good)).status).toBe(200);
  });

  it.each(['null', '[]', '"text"', '{', '5', '{}', '\ufeff{}', '{"challenge":null}'])(
    'whose client data is %j is refused',
    async (text) => {
      const good = client.authenticator.get(await offerLogin());
      const clientDataJSON = Buffer.from(text).toString('base64url');
      const answer = await client.verify({ ...good, response: { ...good.response, clientDataJSON } });
      expect(outcome(answer)).toEqual(REFUSED);
    },
  );

  it.each([0, 1, 36, 38, 200])('with %i bytes of authenticator data is refused', async (length) => {
    const good = client.authenticator.get(await offerLogin());
    const authenticatorData = Buffer.alloc(length + 1, 0xff).toString('base64url');
    const answer = await client.verify({ ...good, response: { ...good.response, authenticatorData } });
    expect(outcome(answer)).toEqual(REFUSED);
  });
});

function flipLastBit(signature: Buffer): Buffer {
  const changed = Buffer.from(signature);
  changed[changed.length - 1]! ^= 1;
  return changed;
}
