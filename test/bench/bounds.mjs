// The limits that the figures of this run keep or break.
import { BOUNDS } from './settings.mjs';
import { median } from './statistics.mjs';

/** @returns one verdict for each bound whose figures were taken */
export function judge({ routes, flood, timing, resets, backup }) {
  return [
    ...judgeFlood(flood),
    ...judgeNotes(routes),
    ...judgeTiming(timing),
    ...judgeResets(resets),
    ...judgeBackup(backup),
  ];
}

function judgeFlood(flood) {
  if (!flood) return [];
  const limit = BOUNDS.readsUnderFlood;
  return [
    verdict(`p99 of reads under a login flood below ${limit} × idle`, flood.many.p99Ratio, limit, '×'),
    verdict('the same, read more strictly: over a single connection', flood.single.p99Ratio, limit, '×'),
  ];
}

/**
 * An answer's cost is the time it takes at full load. The baseline's own figure tells how much of it is the work
 * itself: a create waits for the disk, a read does not.
 */
function judgeNotes(routes) {
  const limit = BOUNDS.notesAgainstInfo;
  return ['note-create', 'note-read'].flatMap((name) => {
    const ratio = costAgainstInfo(routes, name, 'service');
    if (ratio === undefined) return [];
    const baseline = costAgainstInfo(routes, name, 'baseline').toFixed(2);
    return [verdict(`${name} within ${limit} × info (baseline ${baseline} ×)`, ratio, limit, '×')];
  });
}

function costAgainstInfo(routes, name, contestant) {
  const [info, note] = ['info', name].map((wanted) =>
    routes.find(({ route }) => route === wanted)?.rounds[contestant].map(({ perSecond }) => perSecond),
  );
  return info && note && median(info.map((rate, round) => rate / note[round]));
}

function judgeTiming(timing) {
  if (!timing) return [];
  const limit = BOUNDS.loginTiming;
  return [
    verdict(`login timing, known against unknown, below ${limit} %`, timing.differencePercent, limit, '%'),
  ];
}

function judgeResets(resets) {
  if (!resets) return [];
  const limit = BOUNDS.resetTiming;
  return Object.entries(resets).map(([what, { differencePercent }]) =>
    verdict(`reset timing, ${what}, known against unknown, below ${limit} %`, differencePercent, limit, '%'),
  );
}

function judgeBackup(backup) {
  if (!backup) return [];
  const limit = BOUNDS.backupMemory / 1_000_000;
  const growth = backup.memory.growth / 1_000_000;
  return [
    verdict(`memory of the service during a backup grows by less than ${limit} MB`, growth, limit, 'MB'),
  ];
}

function verdict(bound, value, limit, unit) {
  return { bound, value, limit, unit, passed: value < limit };
}
