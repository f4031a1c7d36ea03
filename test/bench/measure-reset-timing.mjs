// Whether the time of a reset tells that an account exists.
import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';
import { confirmReset, requestReset } from './routes.mjs';
import { startService } from './servers.mjs';
import { timePairs } from './time-pairs.mjs';

/** Of eight digits; right once in a hundred million tries. */
const WRONG_CODE = '00000000';
const NEW_PASSWORD = 'seven lanterns over a quiet harbour';

/**
 * Codes asked for, and then confirmed with a wrong one, by ever new addresses of clients, which are limited. The service
 * is one of its own: the others send no mail.
 */
export async function measureResetTiming({ database, secrets }, say, onExit) {
  const mailServer = await startMailServer(onExit);
  const service = await startService({
    database,
    secrets,
    mail: { MAIL_URL: `smtp://127.0.0.1:${mailServer.port}`, TRUSTED_PROXIES: '127.0.0.1' },
    onExit,
  });
  const from = fromEverywhere();
  const request = await timePairs(service.url, {
    requestAbout: (email) => from(requestReset(email)),
    status: 202,
  });
  const confirm = await timePairs(service.url, {
    requestAbout: (email) => from(confirmReset(email, WRONG_CODE, NEW_PASSWORD)),
    status: 400,
  });
  await service.stop();
  await mailServer.stop();
  for (const [what, { tries, differencePercent }] of Object.entries({ request, confirm }))
    say(`reset timing, ${what}: ${tries} tries each, difference ${differencePercent.toFixed(2)} %`);
  return { request, confirm };
}

/** Takes every mail. */
async function startMailServer(onExit) {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, done) => {
      stream.resume();
      stream.once('end', () => done());
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const stop = () => new Promise((resolve) => server.close(resolve));
  onExit(stop);
  return { port: server.server.address().port, stop };
}

/** Each request as if from an address of its own. */
function fromEverywhere() {
  let last = 0;
  return (request) => {
    last += 1;
    const address = `198.18.${Math.floor(last / 250)}.${(last % 250) + 1}`;
    return { ...request, headers: { ...request.headers, 'x-forwarded-for': address } };
  };
}
