import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Browser, makePkce, type Login } from '../../support/identity-providers/browser.js';
import { brokenOff, SERVER_ERROR, SocialStage } from '../../support/identity-providers/social-stage.js';

/** Of one of two trusted providers that turns against those who log in with the other (RFC 9700, 4.4). */
let stage: SocialStage<'liar' | 'accomplice'>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar', 'accomplice'] });
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.at.liar.repent();
  stage.at.accomplice.repent();
  stage.become('liar');
  stage.become('accomplice');
});

/** A login at the liar, whose browser comes back with something else. */
async function comingBackWith(change: (params: URLSearchParams) => void | Promise<void>): Promise<Login> {
  const browser = new Browser(stage.server);
  const pkce = makePkce();
  const start = await browser.start('liar', { pkce });
  const callbackUrl = await browser.atProvider(start);
  await change(callbackUrl.searchParams);
  const callback = await stage.leavingNoTrace(() => browser.open(callbackUrl));
  const params = callback.location?.searchParams;
  return {
    ...{ pkce, start, callbackUrl, callback },
    code: params?.get('code') ?? undefined,
    error: params?.get('error') ?? undefined,
  };
}

describe('where a provider announces that it sends its issuer along', () => {
  it.each<[string, (params: URLSearchParams) => void]>([
    [
      'missing',
      (params) => {
        params.delete('iss');
      },
    ],
    [
      'empty',
      (params) => {
        params.set('iss', '');
      },
    ],
    [
      'that of the other provider',
      (params) => {
        params.set('iss', stage.at.accomplice.issuer);
      },
    ],
    [
      'written with a slash more',
      (params) => {
        params.set('iss', `${stage.at.liar.issuer}/`);
      },
    ],
    [
      'written in capitals',
      (params) => {
        params.set('iss', stage.at.liar.issuer.toUpperCase());
      },
    ],
    [
      'there twice',
      (params) => {
        params.append('iss', stage.at.accomplice.issuer);
      },
    ],
  ])('an issuer that is %s ends the login before any code is sent anywhere', async (_how, change) => {
    expect(brokenOff(await comingBackWith(change))).toEqual(SERVER_ERROR);
    expect(stage.at.liar.countOf('token')).toBe(0);
    expect(stage.at.accomplice.countOf('token')).toBe(0);
  });

  it('an error without the issuer is not believed to be the provider’s', async () => {
    const login = await comingBackWith((params) => {
      params.delete('iss');
      params.delete('code');
      params.set('error', 'access_denied');
    });
    expect(brokenOff(login)).toEqual(SERVER_ERROR);
  });
});

describe('where a provider announces nothing', () => {
  it('an issuer that it does not send is not missed; a wrong one ends the login', async () => {
    stage.at.liar.editDiscovery = (document) => {
      delete document['authorization_response_iss_parameter_supported'];
    };
    const server = await stage.startAnother();
    const outcomes: unknown[] = [];
    for (const iss of [undefined, stage.at.liar.issuer, stage.at.accomplice.issuer]) {
      stage.at.liar.editReturn = (params) => {
        if (iss === undefined) params.delete('iss');
        else params.set('iss', iss);
      };
      outcomes.push((await stage.logIn('liar', {}, server)).error);
    }
    expect(outcomes).toEqual([undefined, undefined, 'server_error']);
    await server.close();
  });
});

describe('a code', () => {
  it('of the other provider, or of another login at the same one, opens nothing', async () => {
    for (const name of ['accomplice', 'liar'] as const) {
      const victim = new Browser(stage.server);
      const stolen = await victim.atProvider(await victim.start(name));
      const login = await comingBackWith((params) => {
        params.set('code', stolen.searchParams.get('code')!);
      });
      expect({ name, ...brokenOff(login) }).toEqual({ name, ...SERVER_ERROR });
      // PKCE: whoever injects a code has not the verifier that it was asked for with.
      expect(stage.at.liar.received.at(-1)!.params.get('code_verifier')).toMatch(/^[\w-]{43}$/);
      expect(stage.at.accomplice.countOf('token')).toBe(0);
      stage.at.liar.repent();
    }
  });

  it.each<[string, (params: URLSearchParams) => void]>([
    [
      'missing',
      (params) => {
        params.delete('code');
      },
    ],
    [
      'empty',
      (params) => {
        params.set('code', '');
      },
    ],
    [
      'there twice',
      (params) => {
        params.append('code', 'another');
      },
    ],
    [
      'made up',
      (params) => {
        params.set('code', 'made-up');
      },
    ],
    [
      'beside an error',
      (params) => {
        params.set('error', 'server_error');
      },
    ],
    [
      'beside an ID token that came through the browser',
      (params) => {
        params.set('id_token', 'e30.e30.');
      },
    ],
    [
      'in a JARM response',
      (params) => {
        params.delete('code');
        params.set('response', 'e30.e30.');
      },
    ],
  ])('that is %s ends the login', async (_how, change) => {
    expect(brokenOff(await comingBackWith(change))).toEqual(SERVER_ERROR);
  });
});

describe('one provider', () => {
  it('cannot speak for the other: subject, issuer and key of the other count for nothing', async () => {
    const victim = await stage.signUp('accomplice');
    const { issuer, key } = stage.at.accomplice;
    for (const lies of [
      { claims: { iss: issuer } },
      { claims: { iss: issuer }, signedWith: key },
      { signedWith: key },
    ]) {
      stage.become('liar', { sub: victim.sub, email: victim.email });
      stage.at.liar.idToken = lies;
      const login = await stage.leavingNoTrace(() => stage.logIn('liar'));
      expect(brokenOff(login)).toEqual(SERVER_ERROR);
    }
  });

  it('has subjects of its own: the same one at the other is somebody else', async () => {
    const first = await stage.signUp('accomplice', { sub: 'the-same' });
    const second = await stage.signUp('liar', { sub: 'the-same' });
    expect(second.id).not.toBe(first.id);
  });

  it('is never sent the secret, the code or the verifier of the other', async () => {
    await stage.signUp('accomplice');
    const { client } = stage.at.accomplice;
    expect(stage.at.accomplice.countOf('token')).toBe(1);
    expect(stage.at.liar.received).toEqual([]);
    expect(
      stage.at.accomplice.received.find(({ endpoint }) => endpoint === 'token')!.params.get('client_id'),
    ).toBe(client.clientId);
  });

  it('whose document names the endpoints of the other gets no secret of the other', async () => {
    stage.at.liar.editDiscovery = (document) => {
      document['token_endpoint'] = `${stage.at.accomplice.issuer}/token`;
    };
    const server = await stage.startAnother();
    const login = await stage.logIn('liar', {}, server);
    expect(brokenOff(login)).toEqual(SERVER_ERROR);
    const sent = stage.at.accomplice.received.map(({ params }) => params.get('client_secret'));
    expect(sent).toEqual([stage.at.liar.client.clientSecret]);
    await server.close();
  });
});
