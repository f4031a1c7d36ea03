import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './child.mjs';
import { CONNECTIONS } from './settings.mjs';

const COLUMNS = [
  ['route', ({ title }) => title],
  ['service/s', ({ service }) => Math.round(service.perSecond)],
  ['baseline/s', ({ baseline }) => Math.round(baseline.perSecond)],
  ['ratio', ({ ratio }) => ratio.toFixed(2)],
  ['service p50', ({ service }) => service.p50.toFixed(2)],
  ['p99', ({ service }) => service.p99.toFixed(2)],
  ['baseline p50', ({ baseline }) => baseline.p50.toFixed(2)],
  ['p99', ({ baseline }) => baseline.p99.toFixed(2)],
  ['service CPU', ({ service }) => Math.round(service.cpuMicroseconds)],
  ['baseline CPU', ({ baseline }) => Math.round(baseline.cpuMicroseconds)],
  ['CPU ratio', ({ service, baseline }) => (service.cpuMicroseconds / baseline.cpuMicroseconds).toFixed(2)],
];

/** The tables as people read them: rates in answers a second, latencies in ms, CPU in µs an answer. */
export function render({ routes, flood, timing, resets, backup, verdicts }) {
  return [
    ...(routes.length > 0 ? ['', ...table(routes), '  (p50, p99 in ms; CPU in µs an answer)'] : []),
    ...(flood ? ['', ...floodLines(flood)] : []),
    ...(timing ? ['', timingLine('a refused login', timing)] : []),
    ...(resets
      ? [
          '',
          timingLine('asking for a reset', resets.request),
          timingLine('a wrong code of a reset', resets.confirm),
        ]
      : []),
    ...(backup ? ['', ...backupLines(backup)] : []),
    '',
    ...verdicts.map(
      ({ passed, bound, value, unit }) =>
        `${passed ? 'PASS' : 'FAIL'}  ${bound}: ${value.toFixed(2)} ${unit}`,
    ),
    '',
  ].join('\n');
}

/** @returns where it was written */
export async function writeJson(report) {
  const file = path.join(root, 'reports', 'bench.json');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

function table(rows) {
  const cells = [
    COLUMNS.map(([head]) => head),
    ...rows.map((row) => COLUMNS.map(([, cell]) => String(cell(row)))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  '),
  );
}

function floodLines({ many, single, flood }) {
  return [
    ...[
      [`${CONNECTIONS} connections`, many],
      ['1 connection', single],
    ].map(
      ([who, { idle, flooded, p99Ratio }]) =>
        `reads over ${who}: p99 ${idle.p99.toFixed(2)} ms idle, ${flooded.p99.toFixed(2)} ms beside a login flood ` +
        `(× ${p99Ratio.toFixed(1)}); p50 ${idle.p50.toFixed(2)} and ${flooded.p50.toFixed(2)} ms`,
    ),
    `the flood was answered ${flood[200]} × 200, ${flood[503]} × 503 ` +
      `(${flood.withoutRetryAfter} without Retry-After), ${flood.other} × anything else`,
  ];
}

function timingLine(what, { tries, known, unknown, differencePercent }) {
  return (
    `${what} takes ${known.toFixed(2)} ms for a known and ${unknown.toFixed(2)} ms for an unknown account ` +
    `(medians of ${tries} each, difference ${differencePercent.toFixed(2)} %)`
  );
}

function backupLines({ databaseBytes, dumpBytes, seconds, memory, readers }) {
  const megabytes = (bytes) => `${Math.round(bytes / 1_000_000)} MB`;
  return [
    `backup of ${megabytes(databaseBytes)}, dumped (${megabytes(dumpBytes)}), read, restored and compared in ${seconds.toFixed(0)} s`,
    `  memory of the service: ${megabytes(memory.before)} before, ${megabytes(memory.peak)} at most`,
    `  p99 of reads beside it: ${readers.during.p99.toFixed(2)} ms, ${readers.idle.p99.toFixed(2)} ms without`,
  ];
}
