import type { Check } from '../check.js';
import { ok, problem, type Finding } from '../finding.js';

/** As scripts/preflight.mjs asks for, which only npm's scripts pass. */
const NEEDED = { major: 24, minor: 9 };

export const node: Check = {
  name: 'node',
  look: () => [judgeNode(process.versions.node)],
};

/** @internal for tests */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor);
  return isEnough
    ? ok(`Node ${version}.`)
    : problem(
        `Node ${version} is too old.`,
        `Install Node ${NEEDED.major}.${NEEDED.minor} or newer, or start by npm, which takes the one that npm ci brought.`,
      );
}
