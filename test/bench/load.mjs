// One turn of load, by autocannon.
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { percentile } from './statistics.mjs';

/** A measured server answered what it must not. */
export class UnexpectedAnswerError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UnexpectedAnswerError';
  }
}

const TIMEOUT_SECONDS = 20;

/**
 * Begins to send requests over `connections`, each as soon as its last one was answered.
 *
 * @param requestsOf gives the requests of the nth connection, which go round and round; they are built beforehand
 * @param seconds when to stop
 * @param amount instead of `seconds`: how many requests altogether, all of which are waited for
 * @param isExpected decides by status and raw headers whether an answer is a right one
 * @returns `stop` to end it before its time, and `done`, which resolves with answers a second, latencies in
 *   milliseconds and how often each status came, or rejects with UnexpectedAnswerError
 */
export function startLoad({ url, requestsOf, connections, seconds, amount, isExpected }) {
  const turn = { latencies: [], statuses: {}, wrong: 0, startedAt: 0, endedAt: 0 };
  let connection = 0;
  const instance = autocannon({
    url,
    connections,
    timeout: TIMEOUT_SECONDS,
    sampleInt: 10,
    ...(amount === undefined ? { duration: seconds } : { amount }),
    setupClient: (client) => {
      client.setRequests(requestsOf(connection));
      connection += 1;
      client.on('headers', ({ statusCode, headers }) => {
        turn.statuses[statusCode] = (turn.statuses[statusCode] ?? 0) + 1;
        if (isExpected(statusCode, headers)) return;
        turn.wrong += 1;
        client.once('body', (body) => (turn.example ??= `${statusCode} ${body.toString().slice(-500)}`));
      });
    },
  });
  instance.on('start', () => (turn.startedAt = performance.now()));
  instance.on('response', (_client, _status, _bytes, milliseconds) => {
    turn.latencies.push(milliseconds);
    turn.endedAt = performance.now();
  });
  return { stop: () => instance.stop(), done: summarise(instance, turn, url) };
}

async function summarise(instance, turn, url) {
  const { errors, timeouts } = await instance;
  const answered = turn.latencies.length;
  if (turn.wrong > 0)
    throw new UnexpectedAnswerError(
      `${url}: ${turn.wrong} of ${answered} answers were not expected, for example ${turn.example}`,
    );
  if (errors > 0)
    throw new UnexpectedAnswerError(`${url}: ${errors} requests failed (${timeouts} of them timed out)`);
  if (answered === 0) throw new UnexpectedAnswerError(`${url}: nothing was answered`);
  return {
    answered,
    perSecond: (answered * 1000) / (turn.endedAt - turn.startedAt),
    p50: percentile(turn.latencies, 0.5),
    p99: percentile(turn.latencies, 0.99),
    statuses: turn.statuses,
  };
}

/** Runs a load to its end. */
export function runLoad(options) {
  return startLoad(options).done;
}
