// Whether the time of a refused login tells that an account exists.
import { login } from './routes.mjs';
import { timePairs } from './time-pairs.mjs';

const WRONG_PASSWORD = 'not what the otter sang';

/** Refused logins, with a wrong password. */
export async function measureLoginTiming(service, say) {
  const timing = await timePairs(service.url, {
    requestAbout: (email) => login(email, WRONG_PASSWORD),
    status: 401,
  });
  say(`login timing: ${timing.tries} tries each, difference ${timing.differencePercent.toFixed(2)} %`);
  return timing;
}
