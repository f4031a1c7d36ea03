// npm run security -- URL [--email E --password P]: the attacks of test/security/black-box against a service that runs.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { preflight, root } from './preflight.mjs';

preflight();

const USAGE = `npm run security -- URL [--email EMAIL] [--password PASSWORD]

Attacks a running service from outside and says what got through. It registers an account of its own and deletes it
again; where registration is closed, give it one (the password rather as MC101_TARGET_PASSWORD). Nothing of others is
changed. Where the service says to slow down, it waits.`;

const { url, email, password } = readArguments();
const env = { ...process.env, MC101_TARGET: url };
if (email !== undefined) env.MC101_TARGET_EMAIL = email;
if (password !== undefined) env.MC101_TARGET_PASSWORD = password;
try {
  const { status } = await fetch(`${url}/health`, { signal: AbortSignal.timeout(10_000) });
  if (status !== 200) throw new Error(`status ${status}`);
} catch (error) {
  console.error(`${url} does not answer as a running service does (${error.cause?.code ?? error.message}).`);
  process.exit(2);
}
console.log(`Attacking ${url} … It takes minutes, and uses up the limits of this address meanwhile.`);
const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--config',
    path.join(root, 'jest.black-box.config.js'),
  ],
  { cwd: root, stdio: 'inherit', env },
);
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { email: { type: 'string' }, password: { type: 'string' }, help: { type: 'boolean' } },
    });
    const [given] = positionals;
    if (!values.help && positionals.length === 1 && /^https?:$/.test(new URL(given).protocol))
      return { url: new URL(given).origin, ...values };
  } catch {
    // Answered by the usage, as everything that cannot be read.
  }
  console.error(USAGE);
  process.exit(2);
}
