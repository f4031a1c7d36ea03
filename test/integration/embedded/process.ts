// A service or a command as a process of its own: starts on the options it gets, says so on standard output as
// lines of JSON, and stops in order at SIGTERM.
import { startEmbeddedDatabase } from '../../../src/database/embedded/embedded-database.js';
import { openEmbeddedDatabaseForCommand } from '../../../src/database/embedded/open-for-cli.js';

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const [kind, text = ''] = process.argv.slice(2);
const given = JSON.parse(text) as { dataDir: string; dataDirIsDefault: boolean };
const options = {
  ...given,
  onProgress(progress: string) {
    say({ progress });
  },
};
try {
  const open = kind === 'command' ? openEmbeddedDatabaseForCommand : startEmbeddedDatabase;
  const database = await open(options);
  // Keeps the process alive as a listening service would be.
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', () => {
    clearInterval(alive);
    void database.stop().then(() => {
      say({ stopped: true });
    });
  });
  say({ ready: database });
} catch (error) {
  say({ refused: error instanceof Error ? { name: error.name, message: error.message } : {} });
}
