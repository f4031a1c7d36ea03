import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { RestoreStage } from '../../support/restore-stage.js';
import { checkout } from '../../support/service-process.js';
import { TEST_SECRETS } from '../../support/test-config.js';

jest.setTimeout(180_000);

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

/** A program that knows the format from the README alone. */
function verify(lines: string, heads = ''): { status: number | null; said: string } {
  const program = path.join(checkout, 'test', 'vectors', 'audit-verify-export.py');
  const { LOG_SIGNING_KEY } = TEST_SECRETS;
  const { status, stdout, stderr } = spawnSync('python3', [program], {
    input: lines,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LOG_SIGNING_KEY, HEADS: heads },
  });
  return { status, said: stdout + stderr };
}

it('what the command exports is verified by a program of its own, and what was changed in it is not', async () => {
  const service = await stage.startService();
  await stage.signUp(service);
  const said = await stage.succeed(['audit:verify']);
  const [, head] = /^Head (\d+:[0-9a-f]{64}) /m.exec(said)!;
  await stage.signUp(service);
  const lines = await stage.succeed(['audit:export']);
  expect(verify(lines, head)).toEqual({ status: 0, said: expect.stringMatching(/^Intact: \d+ seals/) });
  expect(verify(lines, `1:${'0'.repeat(64)}`).said).toContain('seal 1: its head was 0000');
  expect(verify(lines.replace('"event_type":"user_created"', '"event_type":"user_deleted"')).said).toContain(
    'seal 1: its entries are not those that were sealed',
  );
  expect(verify(lines.replace(/"signature":"../, '"signature":"zz')).said).toContain(
    'seal 1: not as it was signed',
  );
  const broken = await stage.command(['audit:verify', '--head', `1:${'0'.repeat(64)}`]);
  expect(broken).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('BROKEN at seal 1 (known_head_differs)'),
  });
});
