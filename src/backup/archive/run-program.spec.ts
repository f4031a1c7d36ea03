import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BackupFailedError } from '../backup-failed-error.js';
import { runProgram } from './run-program.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();

/** A program called pg_dump that does this. */
async function program(script: string): Promise<string> {
  const file = path.join(folder, 'pg_dump');
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

/** One that says this and fails. */
const complaining = (...lines: string[]) => program(`cat >&2 <<'END'\n${lines.join('\n')}\nEND\nexit 1`);

describe('a program of PostgreSQL', () => {
  it('that succeeds is passed over in silence, whatever it warns of', async () => {
    const file = await program('echo "pg_dump: warning: could not do better" >&2');
    await expect(runProgram(file, [], { signal })).resolves.toBeUndefined();
  });

  it('gets its arguments as they are, and of the environment only what is meant for it', async () => {
    const file = await program(`{ printf '%s\\n' "$@"; env; } > '${folder}/seen'`);
    await runProgram(file, ["--file=$HOME/a 'b'", '*'], { env: { PGPASSFILE: '/tmp/pass' }, signal });
    const [first, second, ...environment] = (await readFile(path.join(folder, 'seen'), 'utf8'))
      .trim()
      .split('\n');
    expect([first, second]).toEqual(["--file=$HOME/a 'b'", '*']);
    // The shell sets the rest itself.
    const ours = environment.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|PATH|_)=/.test(line));
    expect(ours.sort()).toEqual([
      'LC_ALL=C',
      'PGAPPNAME=mc101 backup',
      'PGCONNECT_TIMEOUT=10',
      'PGPASSFILE=/tmp/pass',
    ]);
  });

  it.each([
    [
      'the last of several',
      [
        'pg_dump: warning: there are circular foreign keys',
        'pg_dump: error: query failed: ERROR: relation is gone',
      ],
      'pg_dump failed: error: query failed: ERROR: relation is gone',
    ],
    [
      'without the hint that follows it',
      ['pg_dump: error: could not open file', 'pg_dump: hint: Try "pg_dump --help".'],
      'pg_dump failed: error: could not open file',
    ],
    ['in whatever words', ['pg_dump: well', 'pg_dump: it is over'], 'pg_dump failed: it is over'],
    [
      'and names a full disk for what it is',
      ['pg_dump: error: could not write to output file: No space left on device'],
      'pg_dump found no space left on the disk: free some, or set BACKUP_DIR.',
    ],
  ])('that fails is quoted: its complaint, %s', async (_what, said, sentence) => {
    const failure = await runProgram(await complaining(...said), [], { signal }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(BackupFailedError);
    expect((failure as Error).message).toBe(sentence);
  });

  it('that says a great deal before it fails is quoted with its last words', async () => {
    const many =
      'i=0; while [ $i -lt 4000 ]; do echo "pg_dump: warning: nothing could be done" >&2; i=$((i+1)); done';
    const file = await program(`${many}; echo "pg_dump: error: the end" >&2; exit 1`);
    await expect(runProgram(file, [], { signal })).rejects.toThrow('pg_dump failed: error: the end');
  });

  it('whose output is taken and thrown away writes as much as it likes', async () => {
    const file = await program(`head -c 1000000 /dev/zero && touch '${folder}/written'`);
    await runProgram(file, [], { takesOutput: true, signal });
    expect(existsSync(path.join(folder, 'written'))).toBe(true);
  });

  it('that somebody kills is told from one that fails', async () => {
    const file = await program('echo "pg_dump: error: half a word" >&2; kill -KILL $$');
    await expect(runProgram(file, [], { signal })).rejects.toThrow('pg_dump was ended by SIGKILL.');
  });

  it('is ended with the run, which fails with its own reason and not with that of the program', async () => {
    const run = new AbortController();
    const file = await program(
      `echo $$ > '${folder}/started.tmp'; mv '${folder}/started.tmp' '${folder}/started'; exec sleep 600`,
    );
    const ended = runProgram(file, [], { signal: run.signal });
    while (!existsSync(path.join(folder, 'started'))) await new Promise((resolve) => setImmediate(resolve));
    run.abort(new Error('The service was stopped.'));
    await expect(ended).rejects.toThrow('The service was stopped.');
    const pid = Number(await readFile(path.join(folder, 'started'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is not started for a run that has ended', async () => {
    const file = await program(`touch '${folder}/started'`);
    const over = AbortSignal.abort(new Error('The lock was lost.'));
    await expect(runProgram(file, [], { signal: over })).rejects.toThrow('The lock was lost.');
    expect(existsSync(path.join(folder, 'started'))).toBe(false);
  });
});
