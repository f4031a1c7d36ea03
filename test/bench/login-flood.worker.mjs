// Floods the login until it is told to stop. Two messages: the first answers have come; the counts.
import { parentPort, workerData } from 'node:worker_threads';
import { FLOOD_CONNECTIONS, MAX_RUN_SECONDS } from './settings.mjs';
import { startLoad } from './load.mjs';
import { dealOut, logins } from './routes.mjs';

const counts = { 200: 0, 503: 0, other: 0, withoutRetryAfter: 0 };

const flood = startLoad({
  url: workerData.url,
  requestsOf: dealOut(logins(), FLOOD_CONNECTIONS),
  connections: FLOOD_CONNECTIONS,
  seconds: MAX_RUN_SECONDS,
  isExpected: (status, headers) => {
    if (counts[200] === 0 && status === 200) parentPort.postMessage('flooding');
    counts[status === 200 || status === 503 ? status : 'other'] += 1;
    if (status !== 503) return status === 200;
    const isPolite = headers.some((name) => name.toLowerCase() === 'retry-after');
    if (!isPolite) counts.withoutRetryAfter += 1;
    return isPolite;
  },
});

parentPort.on('message', () => {
  flood.stop();
});

await flood.done;
parentPort.postMessage(counts);
