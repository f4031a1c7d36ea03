import { expect, it } from '@jest/globals';
import { judgeNode } from './node.js';

it.each([
  ['24.9.0', 'ok'],
  ['25.0.0', 'ok'],
  ['24.8.9', 'problem'],
  ['20.19.2', 'problem'],
])('Node %s is %s', (version, verdict) => {
  expect(judgeNode(version).verdict).toBe(verdict);
});
