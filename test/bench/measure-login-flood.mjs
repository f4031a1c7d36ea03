// Whether people can read while someone floods the login.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CONNECTIONS, FLOOD_ROUNDS, FLOOD_TURN_SECONDS, PASSWORD } from './settings.mjs';
import { emailOf } from './crowd.mjs';
import { runLoad, UnexpectedAnswerError } from './load.mjs';
import { dealOut, findRoute, login } from './routes.mjs';
import { medianOfEach } from './statistics.mjs';

const RETRY_MS = 100;

const MEASURED = ['perSecond', 'p50', 'p99'];

/**
 * Reads alone and reads beside the flood, in turns: with the connections of every other load, and with a single one,
 * which waits for nobody of its own kind.
 */
export async function measureLoginFlood(service, say) {
  const idle = { many: [], single: [] };
  const flooded = { many: [], single: [] };
  const flood = { 200: 0, 503: 0, other: 0, withoutRetryAfter: 0 };
  for (let round = 1; round <= FLOOD_ROUNDS; round += 1) {
    await readInBothWays(service, idle);
    const stopFlood = await startFlood(service);
    await readInBothWays(service, flooded);
    const counts = await stopFlood();
    for (const name of Object.keys(flood)) flood[name] += counts[name];
    await waitForLogins(service);
    say(
      `login flood: round ${round} of ${FLOOD_ROUNDS}, p99 of reads ${milliseconds(idle.many.at(-1).p99)} idle, ` +
        `${milliseconds(flooded.many.at(-1).p99)} flooded; flood answered ${counts[200]} × 200, ${counts[503]} × 503`,
    );
  }
  return {
    many: compare(idle.many, flooded.many),
    single: compare(idle.single, flooded.single),
    flood,
  };
}

function compare(idle, flooded) {
  const medians = { idle: medianOfEach(idle, MEASURED), flooded: medianOfEach(flooded, MEASURED) };
  return { ...medians, p99Ratio: medians.flooded.p99 / medians.idle.p99 };
}

async function readInBothWays(service, turns) {
  turns.many.push(await read(service, CONNECTIONS));
  turns.single.push(await read(service, 1));
}

function read(service, connections) {
  const { requests, isExpected } = findRoute('info');
  return runLoad({
    url: service.url,
    requestsOf: dealOut(requests(service), connections),
    connections,
    seconds: FLOOD_TURN_SECONDS / 2,
    isExpected,
  });
}

/**
 * Floods from a thread of its own, so that it does not slow down what measures the reads.
 * @returns when the first logins were answered, what ends the flood and answers its counts
 */
async function startFlood({ url }) {
  const worker = new Worker(new URL('./login-flood.worker.mjs', import.meta.url), { workerData: { url } });
  const failure = once(worker, 'error').then(([error]) => {
    throw error;
  });
  // Heard of when the next message is waited for.
  failure.catch(() => undefined);
  const nextMessage = () => Promise.race([once(worker, 'message'), failure]);
  await nextMessage();
  return async () => {
    worker.postMessage('stop');
    const [counts] = await nextMessage();
    await worker.terminate();
    return counts;
  };
}

/** Waits until every login that the flood left behind is done: one that comes after them is answered after them. */
async function waitForLogins({ url }) {
  const { method, path, headers, body } = login(emailOf(0), PASSWORD);
  for (;;) {
    const answer = await globalThis.fetch(url + path, { method, headers, body });
    await answer.text();
    if (answer.status === 200) return;
    if (answer.status !== 503) throw new UnexpectedAnswerError(`${path} after the flood: ${answer.status}`);
    await delay(RETRY_MS);
  }
}

function milliseconds(value) {
  return `${value.toFixed(1)} ms`;
}
