// The account that the attacks of `npm run security` are made with.
import { randomBytes } from 'node:crypto';

/** Longer than this nobody waits for a limit. */
const MAX_WAIT_SECONDS = 120;
const RETRIES = 5;
const DEADLINE_MS = 10_000;

const OF_YOUR_OWN =
  'give an account that is there as MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD (nothing of it is changed)';

/** The attacks cannot be made. One sentence with what to do. */
export class NoAttackError extends Error {}

/**
 * Logs in with what was given, or else with an account that it makes.
 * @returns the account's address, an access token, and `leave`, which deletes the account if it was made here and is to
 * be called whatever comes of the attacks
 * @throws NoAttackError
 */
export async function openAccount(url, { email, password }) {
  if ((email === undefined) !== (password === undefined))
    throw new NoAttackError(
      'MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD belong together; set both, or neither.',
    );
  const isMade = email === undefined;
  const account = isMade ? await register(url) : { email, password };
  const leave = (token) => (isMade ? remove(url, account, token) : Promise.resolve());
  try {
    const token = await logIn(url, account, isMade);
    return { email: account.email, token, leave: () => leave(token) };
  } catch (error) {
    await leave();
    throw error;
  }
}

async function register(url) {
  const mark = randomBytes(8).toString('hex');
  const account = { email: `attacks-${mark}@example.com`, password: `a curious otter sings ${mark}` };
  const { status, code, wait } = await ask(url, 'POST', '/users/register', { name: 'Attacks', ...account });
  if (status === 201) return account;
  if (wait !== undefined)
    throw new NoAttackError(
      `${url} lets nobody register from here for another ${wait} s (${code}): wait, or ${OF_YOUR_OWN}.`,
    );
  throw new NoAttackError(`${url} lets nobody register (${status} ${code}): ${OF_YOUR_OWN}.`);
}

/** @returns an access token */
async function logIn(url, { email, password }, isMade) {
  const { status, code, wait, body } = await ask(url, 'POST', '/users/login', { email, password });
  if (status === 200 && typeof body.access_token === 'string') return body.access_token;
  if (status === 200)
    throw new NoAttackError(
      `${url} asks ${email} for more than the password: ${OF_YOUR_OWN}, without a second factor.`,
    );
  if (wait !== undefined)
    throw new NoAttackError(`${url} lets nobody log in from here for another ${wait} s (${code}): wait.`);
  throw new NoAttackError(
    isMade
      ? `${url} made the account ${email} and does not let it log in (${status} ${code}): ${OF_YOUR_OWN}.`
      : `${url} refuses the login of ${email} (${status} ${code}): correct MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD.`,
  );
}

/** @throws NoAttackError when the account stays */
async function remove(url, account, token) {
  // After the attacks a token may have expired, or be too old for this.
  let answer = { status: 401 };
  if (token !== undefined) answer = await ask(url, 'DELETE', '/users', undefined, token);
  if ([401, 403].includes(answer.status))
    answer = await ask(url, 'DELETE', '/users', undefined, await logIn(url, account, true));
  if (answer.status !== 204)
    throw new NoAttackError(
      `The account ${account.email} is still at ${url} (${answer.status} ${answer.code}): an admin may disable it.`,
    );
}

/**
 * Asks again after what the service says to wait, where that is bearable.
 * @returns besides status and body the code of an error, and in `wait` the seconds of a wait that is not bearable
 */
async function ask(url, method, path, body, token) {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = parsed(await response.text());
    const result = {
      status: response.status,
      body: answer,
      code: answer?.error?.code ?? 'without an error code',
    };
    const wait = Number(response.headers.get('retry-after') ?? 1);
    if (![429, 503].includes(response.status)) return result;
    if (wait > MAX_WAIT_SECONDS || attempt === RETRIES) return { ...result, wait };
    console.log(`${url} says to wait ${wait} s …`);
    await new Promise((resolve) => setTimeout(resolve, wait * 1_000));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
