// The time of an answer for what exists and for what does not.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { TIMING_TRIES, WARM_UP_TRIES } from './settings.mjs';
import { emailOf, nobodysEmailOf } from './crowd.mjs';
import { UnexpectedAnswerError } from './load.mjs';
import { median } from './statistics.mjs';

/**
 * Requests one after the other over one connection, about a known and an unknown account in each pair, which comes
 * first by turns. Each account is asked about once.
 * @param requestAbout what is sent about an address
 * @param status of every answer
 * @returns medians in ms, and by how much they differ in per cent of the known one
 */
export async function timePairs(url, { requestAbout, status }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const known = [];
  const unknown = [];
  try {
    for (let n = 0; n < WARM_UP_TRIES + TIMING_TRIES; n += 1) {
      const pair = [
        { times: known, email: emailOf(n) },
        { times: unknown, email: nobodysEmailOf(n) },
      ];
      for (const { times, email } of n % 2 === 0 ? pair : pair.reverse())
        times.push(await timeAnswer(url, agent, requestAbout(email), status));
    }
  } finally {
    agent.destroy();
  }
  const medians = {
    known: median(known.slice(WARM_UP_TRIES)),
    unknown: median(unknown.slice(WARM_UP_TRIES)),
  };
  const differencePercent = (Math.abs(medians.known - medians.unknown) / medians.known) * 100;
  return { tries: TIMING_TRIES, ...medians, differencePercent };
}

function timeAnswer(url, agent, { method, path, headers, body }, status) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const sent = request(url + path, { agent, method, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === status) resolve(performance.now() - startedAt);
        else reject(new UnexpectedAnswerError(`${path}: ${answer.statusCode} instead of ${status}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
