// The routes one by one, service and baseline in alternating turns.
import { ROUNDS } from './settings.mjs';
import { runLoad } from './load.mjs';
import { dealOut, probe } from './routes.mjs';
import { median, medianOfEach } from './statistics.mjs';

const MEASURED = ['perSecond', 'p50', 'p99', 'cpuMicroseconds'];

/**
 * Each round measures every route once, so that what changes on the machine meanwhile changes all of them alike.
 *
 * @returns of each route, for service and baseline, the medians over all rounds; `ratio` is the median of the rounds'
 *   own ratios
 */
export async function measureRoutes(routes, contestants, say) {
  const turns = routes.map(() => ({ service: [], baseline: [] }));
  for (const route of routes) {
    for (const contestant of contestants) await warmUp(route, contestant);
    say(`${route.title}: answers as expected`);
  }
  for (let round = 1; round <= (routes.length > 0 ? ROUNDS : 0); round += 1) {
    for (const [index, route] of routes.entries()) {
      for (const contestant of contestants)
        turns[index][contestant.name].push(await takeTurn(route, contestant, route.turn));
      const rates = contestants.map(
        ({ name }) => `${name} ${Math.round(turns[index][name].at(-1).perSecond)}/s`,
      );
      say(`round ${round} of ${ROUNDS}, ${route.title}: ${rates.join(', ')}`);
    }
  }
  return routes.map((route, index) => summarise(route, turns[index]));
}

async function warmUp(route, contestant) {
  await route.prepare?.(contestant);
  await probe(contestant, route, route.requests(contestant, 1)[0]);
  await takeTurn(route, contestant, route.warmUp);
}

function summarise({ name, title }, rounds) {
  return {
    route: name,
    title,
    service: medianOfEach(rounds.service, MEASURED),
    baseline: medianOfEach(rounds.baseline, MEASURED),
    ratio: median(rounds.service.map(({ perSecond }, round) => perSecond / rounds.baseline[round].perSecond)),
    rounds,
  };
}

async function takeTurn(route, contestant, { seconds, amount }) {
  const requests = route.requests(contestant, amount);
  const before = await contestant.child.cpuMicroseconds();
  const turn = await runLoad({
    url: contestant.url,
    requestsOf: dealOut(requests, route.connections),
    connections: route.connections,
    seconds,
    amount,
    isExpected: route.isExpected,
  });
  const used = (await contestant.child.cpuMicroseconds()) - before;
  return { ...turn, cpuMicroseconds: used / turn.answered };
}
