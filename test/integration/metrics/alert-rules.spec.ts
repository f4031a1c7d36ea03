import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { BackupMetrics } from '../../../src/backup/backup-metrics.js';
import { Metrics } from '../../../src/common/metrics/metrics.js';
import { parseMetrics, type Sample } from '../../support/metrics-text.js';
import { checkout } from '../../support/service-process.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}

const folder = path.join(checkout, 'deploy', 'prometheus');
const read = (file: string) => parse(readFileSync(path.join(folder, file), 'utf8'));
const rules = (read('alerts.yml').groups as { name: string; rules: Rule[] }[]).flatMap(
  (group) => group.rules,
);

/** Of the runbook, as they are linked to. */
const headings = [
  ...readFileSync(path.join(checkout, 'deploy', 'README.md'), 'utf8').matchAll(/^#+ (.+)$/gm),
].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));

let server: TestServer;
/** Of a service that has made no backup yet. */
let samplesBefore: Sample[];
let samples: Sample[];
beforeAll(async () => {
  server = await startTestServer({ env: { BACKUP_CRON: '*/20 * * * *' } });
  const alice = await server.signUp();
  await server.as(alice).get('/health');
  const metrics = server.app.get(Metrics);
  metrics.observeProcess();
  const look = async () => parseMetrics(await metrics.expose()).samples;
  samplesBefore = await look();
  const now = new Date();
  const facts = { intervalSeconds: 1, lastSuccess: now, lastVerified: now, durationSeconds: 1, bytes: 1 };
  server.app.get(BackupMetrics).lookWith(() => Promise.resolve(facts));
  samples = await look();
});
afterAll(() => server.close());

/** Prometheus makes it itself, for each target. */
const BY_PROMETHEUS = 'up';

/** The series that an expression selects: metric and label matchers. */
function selectorsIn(expr: string): { metric: string; labels: string[] }[] {
  return [...expr.matchAll(/\b((?:mc101|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => ({
      metric,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  );
}

describe.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (name, rule) => {
  it('looks at nothing but what the service exposes', () => {
    const selectors = selectorsIn(rule.expr);
    expect(selectors).not.toEqual([]);
    for (const { metric, labels } of selectors.filter((selector) => selector.metric !== BY_PROMETHEUS)) {
      const ofMetric = samples.filter((sample) => sample.name === metric);
      expect([metric, ofMetric.length > 0]).toEqual([metric, true]);
      // Prometheus adds `job` and `instance` to whatever it reads.
      const known = new Set([...ofMetric.flatMap((sample) => Object.keys(sample.labels)), 'job', 'instance']);
      expect(labels.filter((label) => !known.has(label))).toEqual([]);
    }
  });

  it('does not stay silent where a moment that it measures from has never come', () => {
    const measuredFrom = selectorsIn(rule.expr).filter(({ metric }) => metric.endsWith('_timestamp_seconds'));
    for (const { metric } of measuredFrom) expect(rule.expr).toContain(`absent(${metric}{job="mc101"})`);
  });

  it('says what is wrong, what to do and where to read on', () => {
    expect(rule.annotations.summary).toMatch(/\w.{20,}\.$/);
    expect(rule.annotations.description).toMatch(/\w.{40,}\.$/);
    const anchor = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    expect(rule.annotations.runbook).toBe(`deploy/README.md#${anchor}`);
    expect(headings).toContain(anchor);
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    expect(rule.for ?? '0m').toMatch(/^\d+[smh]$/);
  });

  it('closes the brackets that it opens, and calls nothing that Prometheus does not know', () => {
    const countOf = (character: string) => rule.expr.split(character).length;
    for (const [open, close] of [
      ['(', ')'],
      ['[', ']'],
      ['{', '}'],
    ] as const)
      expect([open, countOf(open)]).toEqual([open, countOf(close)]);
    const words = rule.expr.replace(/"[^"]*"/g, '').match(/[a-z][a-z0-9_]*/gi) ?? [];
    const vocabulary =
      /^(mc101_\w+|nodejs_\w+|up|sum|max|min|by|rate|increase|time|and|or|on|absent|histogram_quantile|(max|min)_over_time|job|le|state|status|route|outcome|limit|[mh])$/;
    expect(words.filter((word) => !vocabulary.test(word))).toEqual([]);
  });
});

it('every part of the issue has an alarm, each name once', () => {
  const names = rules.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining([
      'ServiceDown',
      'ServicePartDown',
      'ServiceDegraded',
      'ServerErrors',
      'SlowAnswers',
      'EventLoopBlocked',
      'DatabasePoolExhausted',
      'CpuQueueFull',
      'BackupTooOld',
      'BackupNotVerified',
      'BackupShrank',
      'LoginFailuresSurge',
      'RequestsRefused',
    ]),
  );
});

it('before the first backup the schedule is known and no moment of a backup is, which is what the alarms look for', () => {
  const selected = rules.flatMap(({ expr }) => selectorsIn(expr)).map(({ metric }) => metric);
  const moments = selected.filter((metric) => metric.endsWith('_timestamp_seconds'));
  expect(moments.length).toBeGreaterThan(0);
  const exposed = samplesBefore.map(({ name }) => name);
  expect(exposed.filter((name) => moments.includes(name))).toEqual([]);
  const interval = samplesBefore.find(({ name }) => name === 'mc101_backup_interval_seconds');
  expect(interval?.value).toBe(20 * 60);
});

it('the example of a Prometheus reads these rules, and the metrics where the service has them', () => {
  const { rule_files, scrape_configs } = read('prometheus.yml');
  expect(rule_files).toEqual(['alerts.yml']);
  const [job] = scrape_configs;
  expect(job.job_name).toBe('mc101');
  expect(job.metrics_path).toBe('/metrics');
  expect(job.static_configs[0].targets).toEqual([
    `${server.config.metrics.host}:${server.config.metrics.port}`,
  ]);
});
