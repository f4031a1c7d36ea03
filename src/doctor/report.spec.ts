import { describe, expect, it } from '@jest/globals';
import { off, ok, problem, warning } from './finding.js';
import { hasProblem, renderReport, toJson, type Entry } from './report.js';

const WELL: Entry[] = [
  { check: 'node', ...ok('Node 24.') },
  { check: 'mail', ...off('None.') },
];
const WARNED: Entry[] = [...WELL, { check: 'disk', ...warning('Little room.', 'Free some.') }];
const ILL: Entry[] = [...WARNED, { check: 'database roles', ...problem('Gone.', 'Start it.') }];

describe('the report', () => {
  it('has a line a finding, what to do below it, and a summary', () => {
    expect(renderReport(ILL).split('\n')).toEqual([
      'ok       node             Node 24.',
      'off      mail             None.',
      'warning  disk             Little room.',
      '         → Free some.',
      'problem  database roles   Gone.',
      '         → Start it.',
      '',
      '1 problem, 1 warning; 1 in order, 1 off.',
    ]);
  });

  it('counts what is none', () => {
    expect(renderReport(WELL)).toMatch(/\nAll is well: 1 in order, 1 off\.$/);
    expect(renderReport(WARNED)).toMatch(/\nNo problem, 1 warning; /);
  });

  it('fails for problems alone', () => {
    expect([WELL, WARNED, ILL].map(hasProblem)).toEqual([false, false, true]);
  });

  it('is the same for machines', () => {
    expect(JSON.parse(toJson(ILL))).toEqual({
      version: expect.any(String),
      status: 'problem',
      counts: { ok: 1, warning: 1, problem: 1, off: 1 },
      checks: [
        { check: 'node', status: 'ok', found: 'Node 24.' },
        { check: 'mail', status: 'off', found: 'None.' },
        { check: 'disk', status: 'warning', found: 'Little room.', to_do: 'Free some.' },
        { check: 'database roles', status: 'problem', found: 'Gone.', to_do: 'Start it.' },
      ],
    });
    expect(['ok', 'warning']).toEqual([WELL, WARNED].map((entries) => JSON.parse(toJson(entries)).status));
  });
});
