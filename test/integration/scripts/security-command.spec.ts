import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, ProgramProcess } from '../../support/service-process.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

jest.setTimeout(90_000);

/** One of the attacks, which is over at once. */
const ONE_ATTACK = ['--only', 'that is good opens the door'];

let open: TestServer;
beforeAll(async () => {
  open = await startTestServer();
});
afterAll(() => open.close());

async function command(args: string[], env: Record<string, string> = {}) {
  const child = new ProgramProcess('scripts/security.mjs', args, { env });
  const { code } = await child.ended;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

/** The one sentence with which the command ends where no attack can be made. */
async function refusal(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await command(args, env);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^[^\n]{20,300}\.\n$/);
  return stderr.trim();
}

const accountsOf = async ({ sql }: TestServer) =>
  (await sql.query<{ email: string }>('SELECT email FROM users ORDER BY id')).rows.map(({ email }) => email);

describe('npm run security', () => {
  it('attacks with an account of its own, and deletes it again', async () => {
    const before = await accountsOf(open);
    const { code, stderr } = await command([open.url, ...ONE_ATTACK]);
    expect({ code, passed: /Tests: .*\b1 passed/.test(stderr) }).toEqual({ code: 0, passed: true });
    expect(await accountsOf(open)).toEqual(before);
    const { rows } = await open.sql.query(`SELECT 1 FROM audit_events WHERE event_type = 'user_deleted'`);
    expect(rows).toHaveLength(1);
  });

  it('deletes its account also when something got through', async () => {
    const before = await accountsOf(open);
    const place = await answeringFor(open, ({ path, status }) => (path === '/users/info' ? 500 : status));
    try {
      expect((await command([place.url, ...ONE_ATTACK])).code).toBe(1);
    } finally {
      place.close();
    }
    expect(await accountsOf(open)).toEqual(before);
  });

  it('attacks with the account that it is given, and leaves it', async () => {
    const { email, password } = await open.signUp();
    const env = { MC101_TARGET_EMAIL: email, MC101_TARGET_PASSWORD: password };
    expect((await command([open.url, ...ONE_ATTACK], env)).code).toBe(0);
    expect(await accountsOf(open)).toContain(email);
    const options = ['--email', email, '--password', password];
    expect((await command([open.url, ...options, ...ONE_ATTACK])).code).toBe(0);
  });
});

describe('npm run security says in a sentence what to do, before any attack,', () => {
  it('where nobody may register, until it is given an account', async () => {
    const closed = await startTestServer({ database: open.database, env: { REGISTRATION: 'closed' } });
    try {
      expect(await refusal([closed.url])).toBe(
        `${closed.url} lets nobody register (403 REGISTRATION_CLOSED): give an account that is there as MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD (nothing of it is changed).`,
      );
      const { email, password } = await open.signUp();
      const env = { MC101_TARGET_EMAIL: email, MC101_TARGET_PASSWORD: password };
      expect((await command([closed.url, ...ONE_ATTACK], env)).code).toBe(0);
    } finally {
      await closed.close();
    }
  });

  it('where only whoever is invited may register', async () => {
    const invited = await startTestServer({ database: open.database, env: { REGISTRATION: 'invite' } });
    try {
      expect(await refusal([invited.url])).toContain('lets nobody register (403 ');
    } finally {
      await invited.close();
    }
  });

  it('where too many have registered from this address', async () => {
    const limited = await startTestServer({ env: { RL_SIGNUP_IP_LIMIT: '1' } });
    try {
      await limited.signUp();
      expect(await refusal([limited.url])).toMatch(
        /lets nobody register from here for another \d+ s \(RATE_LIMITED\): wait, or give an account/,
      );
    } finally {
      await limited.close();
    }
  });

  it('where the login is refused', async () => {
    const env = { MC101_TARGET_EMAIL: 'nobody@example.com', MC101_TARGET_PASSWORD: 'seven otters at noon' };
    const sentence = await refusal([open.url], env);
    expect(sentence).toBe(
      `${open.url} refuses the login of nobody@example.com (401 INVALID_CREDENTIALS): correct MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD.`,
    );
  });

  it('where the login asks for more than a password', async () => {
    const place = await answeringFor(open, ({ status }) => status, { mfa_required: true, methods: ['totp'] });
    try {
      const env = { MC101_TARGET_EMAIL: 'ada@example.com', MC101_TARGET_PASSWORD: 'seven otters at noon' };
      expect(await refusal([place.url], env)).toContain(
        'asks ada@example.com for more than the password: give',
      );
    } finally {
      place.close();
    }
  });

  it('where half of an account is given', async () => {
    expect(await refusal([open.url], { MC101_TARGET_EMAIL: 'ada@example.com' })).toMatch(/belong together/);
  });

  it('where no service answers, or none that shows its documentation', async () => {
    const port = await freePort();
    expect(await refusal([`http://127.0.0.1:${port}`])).toMatch(/does not answer .* \(ECONNREFUSED\)\.$/);
    const silent = await startTestServer({ database: open.database, env: { DOCS_ENABLED: 'false' } });
    try {
      expect(await refusal([silent.url])).toMatch(/does not show its documentation.* \(status 404\)\.$/);
    } finally {
      await silent.close();
    }
  });

  it('and how it is used, where that was misread', async () => {
    for (const args of [[], ['not a URL'], ['ftp://127.0.0.1'], [open.url, 'more'], [open.url, '--what']]) {
      const { code, stderr } = await command(args);
      expect({ code, usage: stderr.split('\n')[0] }).toEqual({
        code: 2,
        usage: 'npm run security -- URL [--email EMAIL] [--password PASSWORD] [--only WORDS]',
      });
    }
  });
});

interface Place {
  url: string;
  close: () => void;
}

/** Stands before a service and passes on what it answers, with another status or another answer to logins. */
async function answeringFor(
  server: TestServer,
  statusFor: (answer: { path: string; status: number }) => number,
  login?: object,
): Promise<Place> {
  const place: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const path = request.url ?? '/';
      const { authorization, 'content-type': type } = request.headers;
      const answer = await fetch(server.url + path, {
        method: request.method,
        headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
        body: chunks.length === 0 ? undefined : Buffer.concat(chunks),
      });
      const isReplaced = login !== undefined && path === '/users/login';
      response.writeHead(isReplaced ? 200 : statusFor({ path, status: answer.status }), {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      });
      response.end(isReplaced ? JSON.stringify(login) : await answer.text());
    })();
  });
  await new Promise<void>((resolve) => place.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(place.address() as AddressInfo).port}`,
    close: () => {
      place.closeAllConnections();
      place.close();
    },
  };
}
