// Both servers, running, with a crowd of people each.
import argon2 from 'argon2';
import { AccessTokens } from './access-token.mjs';
import { ARGON2, prepareCrowd } from './crowd.mjs';
import { startBaseline, startService } from './servers.mjs';
import { ACCOUNTS, PASSWORD, READERS, ROUNDS, VOTES_A_TURN, WARM_UP_VOTES } from './settings.mjs';
import { drawSecrets, openSurroundings } from './surroundings.mjs';

/** Each turn's voters, those who warm up, and one who is looked at closely. */
const VOTERS = 1 + WARM_UP_VOTES + ROUNDS * VOTES_A_TURN;

/**
 * @param profileDir where the service writes a CPU profile, if at all
 * @returns the contestants in the order of their turns
 */
export async function openContest({ profileDir, say, onExit }) {
  const { service, baseline, serverVersion, checkpoint } = await openSurroundings(say, onExit);
  const secrets = drawSecrets();
  const tokens = new AccessTokens(secrets.JWT_SECRET_KEY);
  say(`Preparing two crowds of ${ACCOUNTS + VOTERS} people…`);
  const crowds = {
    service: await prepareCrowd(service.owner, ACCOUNTS + VOTERS),
    baseline: await prepareCrowd(baseline.owner, ACCOUNTS + VOTERS),
  };
  await checkpoint();
  say('Starting service and baseline…');
  const children = {
    service: await startService({ database: service, secrets, profileDir, onExit }),
    baseline: await startBaseline({
      database: baseline,
      secrets,
      electionId: crowds.baseline.electionId,
      passwordHash: await argon2.hash(PASSWORD, ARGON2),
      onExit,
    }),
  };
  const contestants = ['service', 'baseline'].map(
    (name) => new Contestant(children[name], crowds[name], tokens),
  );
  return {
    contestants,
    service: contestants[0],
    installation: { database: service, secrets },
    serverVersion,
  };
}

/** A server and the people who use it. */
class Contestant {
  constructor(child, { people, candidateId }, tokens) {
    const issued = people.map((person) => tokens.issue(person));
    this.child = child;
    this.name = child.name;
    this.url = child.url;
    this.candidateId = candidateId;
    this.readers = issued.slice(0, READERS);
    this.voters = issued.slice(ACCOUNTS);
  }

  /** Tokens of people who have not voted yet; nobody is taken twice. */
  takeVoters(count) {
    if (count > this.voters.length) throw new Error('The crowd is too small for so many votes.');
    return this.voters.splice(0, count);
  }
}
