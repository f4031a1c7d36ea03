// Runs Jest as this project needs it: ESM under Node's module loader, a built dist/ for what tests start as a user would.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { preflight, root } from './preflight.mjs';

preflight();
const { build } = await import('./build.mjs');
await build();
const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
