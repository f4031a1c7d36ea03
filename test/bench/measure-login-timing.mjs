// Whether the time of a refused login tells that an account exists.
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { TIMING_TRIES, WARM_UP_TRIES } from './settings.mjs';
import { emailOf } from './crowd.mjs';
import { UnexpectedAnswerError } from './load.mjs';
import { login } from './routes.mjs';
import { median } from './statistics.mjs';

const WRONG_PASSWORD = 'not what the otter sang';

/**
 * Refused logins one after the other over one connection, a known and an unknown account in each pair, which comes
 * first by turns. Each account is tried once.
 */
export async function measureLoginTiming(service, say) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const known = [];
  const unknown = [];
  try {
    for (let n = 0; n < WARM_UP_TRIES + TIMING_TRIES; n += 1) {
      const pair = [
        { times: known, email: emailOf(n) },
        { times: unknown, email: emailOf(`${n}-nobody`) },
      ];
      for (const { times, email } of n % 2 === 0 ? pair : pair.reverse())
        times.push(await timeRefusedLogin(service, agent, email));
    }
  } finally {
    agent.destroy();
  }
  const medians = {
    known: median(known.slice(WARM_UP_TRIES)),
    unknown: median(unknown.slice(WARM_UP_TRIES)),
  };
  const differencePercent = (Math.abs(medians.known - medians.unknown) / medians.known) * 100;
  say(`login timing: ${TIMING_TRIES} tries each, difference ${differencePercent.toFixed(2)} %`);
  return { tries: TIMING_TRIES, ...medians, differencePercent };
}

function timeRefusedLogin(service, agent, email) {
  const { method, path, headers, body } = login(email, WRONG_PASSWORD);
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const sent = request(service.url + path, { agent, method, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 401) resolve(performance.now() - startedAt);
        else reject(new UnexpectedAnswerError(`${path} with a wrong password: ${answer.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
