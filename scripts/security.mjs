// npm run security -- URL: the attacks of test/security/black-box against a service that runs.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { preflight, root } from './preflight.mjs';
import { NoAttackError, openAccount } from './security/attacker.mjs';

preflight();

const USAGE = `npm run security -- URL [--email EMAIL] [--password PASSWORD] [--only WORDS]

Attacks a running service from outside and says what got through. It registers an account of its own and deletes it
again; where nobody may register, give it one, as MC101_TARGET_EMAIL and MC101_TARGET_PASSWORD or by the options (others
can see those in the list of processes). Nothing of others is changed. Where the service says to slow down, it waits.
--only: the attacks alone whose names match these words.

Status 0: nothing got through. 1: something did. 2: the attacks could not be made; the last line says why.`;

const { url, only, ...given } = readArguments();
const { MC101_TARGET_EMAIL, MC101_TARGET_PASSWORD } = process.env;
const credentials = {
  email: given.email ?? (MC101_TARGET_EMAIL || undefined),
  password: given.password ?? (MC101_TARGET_PASSWORD || undefined),
};
/** Ends the process with this sentence. */
const giveUp = (sentence) => {
  console.error(sentence);
  process.exit(2);
};

await expectAnswer('/health', 'does not answer as a running service does');
await expectAnswer(
  '/mc101docs-json',
  'does not show its documentation, from which the attacks are made (DOCS_ENABLED)',
);
const account = await openAccount(url, credentials).catch(explain);
// Whoever stops the attacks by Ctrl-C stops them alone: the account is to go too.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
console.log(`Attacking ${url} … It takes minutes, and uses up the limits of this address meanwhile.`);
const code = await attack();
await account.leave().catch((error) => console.error(sentenceOf(error)));
process.exitCode = code;

function attack() {
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--config',
      path.join(root, 'jest.black-box.config.js'),
      ...(only === undefined ? [] : ['--testNamePattern', only]),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        MC101_TARGET: url,
        MC101_TARGET_EMAIL: account.email,
        MC101_TARGET_TOKEN: account.token,
      },
    },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(signal ? 1 : (status ?? 1)));
  });
}

async function expectAnswer(place, complaint) {
  try {
    const { status } = await fetch(url + place, { signal: AbortSignal.timeout(10_000) });
    if (status !== 200) throw new Error(`status ${status}`);
  } catch (error) {
    giveUp(`${url} ${complaint} (${error.cause?.code ?? error.message}).`);
  }
}

function explain(error) {
  return giveUp(sentenceOf(error));
}

function sentenceOf(error) {
  if (error instanceof NoAttackError) return error.message;
  return `${url} stopped answering (${error.cause?.code ?? error.message}): look whether it runs.`;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        email: { type: 'string' },
        password: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    const [target] = positionals;
    if (!values.help && positionals.length === 1 && /^https?:$/.test(new URL(target).protocol))
      return { url: new URL(target).origin, ...values };
  } catch {
    // Answered by the usage, as everything that cannot be read.
  }
  console.error(USAGE);
  process.exit(2);
}
