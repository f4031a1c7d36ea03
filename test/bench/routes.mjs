// The measured requests: what is sent, and what must come back.
import {
  ACCOUNTS,
  CONNECTIONS,
  LOGIN_CONNECTIONS,
  LOGINS_A_TURN,
  PASSWORD,
  TURN_SECONDS,
  VOTES_A_TURN,
  WARM_UP_LOGINS,
  WARM_UP_SECONDS,
  WARM_UP_VOTES,
} from './settings.mjs';
import { emailOf } from './crowd.mjs';
import { UnexpectedAnswerError } from './load.mjs';

const NOTE = {
  title: 'What the otter sang',
  content: 'Seven lanterns over a quiet harbour, and nobody to see them. '.repeat(8),
  tags: [],
};

const BY_TIME = { turn: { seconds: TURN_SECONDS }, warmUp: { seconds: WARM_UP_SECONDS } };

const answers = (status) => (given) => given === status;

/**
 * Each route: `requests(contestant, size)` makes the list that the connections share out, `probe` looks at one
 * answer's body.
 */
export const ROUTES = [
  {
    name: 'health',
    title: 'GET /health',
    ...BY_TIME,
    connections: CONNECTIONS,
    isExpected: answers(200),
    probe: (body) => body.status === 'ok',
    requests: () => [{ path: '/health' }],
  },
  {
    name: 'info',
    title: 'GET /users/info',
    ...BY_TIME,
    connections: CONNECTIONS,
    isExpected: answers(200),
    probe: (body) => body.email === emailOf(0) && body.session.id !== undefined,
    requests: (contestant) => contestant.readers.map((token) => get('/users/info', token)),
  },
  {
    name: 'note-create',
    title: 'POST /users/notes (app mode)',
    ...BY_TIME,
    connections: CONNECTIONS,
    isExpected: answers(201),
    probe: (body) => body.content === NOTE.content && Number.isInteger(body.id),
    requests: (contestant) => contestant.readers.map((token) => post('/users/notes', NOTE, token)),
  },
  {
    name: 'note-read',
    title: 'GET /users/notes/{id} (app mode)',
    ...BY_TIME,
    connections: CONNECTIONS,
    isExpected: answers(200),
    probe: (body) => body.content === NOTE.content && body.title === NOTE.title,
    prepare: writeNotes,
    requests: (contestant) => contestant.notes.map(({ token, id }) => get(`/users/notes/${id}`, token)),
  },
  {
    name: 'vote',
    title: 'POST /users/vote',
    turn: { amount: VOTES_A_TURN },
    warmUp: { amount: WARM_UP_VOTES },
    connections: CONNECTIONS,
    isExpected: answers(201),
    probe: (body) => body.receipt.leaf_hash.length === 64,
    requests: (contestant, size) =>
      contestant
        .takeVoters(size)
        .map((token) => post('/users/vote', { candidate_id: contestant.candidateId }, token)),
  },
  {
    name: 'login',
    title: 'POST /users/login (baseline: argon2 alone)',
    turn: { amount: LOGINS_A_TURN },
    warmUp: { amount: WARM_UP_LOGINS },
    connections: LOGIN_CONNECTIONS,
    isExpected: answers(200),
    probe: (body) => body.token_type === 'bearer',
    requests: () => logins(),
  },
];

export const ROUTE_NAMES = ROUTES.map(({ name }) => name);

export function findRoute(name) {
  return ROUTES.find((route) => route.name === name);
}

/** Deals a list out to the connections, no entry twice; a list shorter than that goes to each of them. */
export function dealOut(requests, connections) {
  if (requests.length < connections) return () => requests;
  return (connection) => requests.filter((_, index) => index % connections === connection);
}

/** Logins with the right password, of one account after another. */
export function logins() {
  return Array.from({ length: ACCOUNTS }, (_, n) => login(emailOf(n), PASSWORD));
}

export function login(email, password) {
  return post('/users/login', { email, password });
}

export function requestReset(email) {
  return post('/auth/password-reset/request', { email });
}

export function confirmReset(email, code, password) {
  return post('/auth/password-reset/confirm', { email, code, new_password: password });
}

/**
 * Sends one request and looks at the whole answer.
 * @throws UnexpectedAnswerError
 */
export async function probe(contestant, route, request) {
  const { method = 'GET', path, headers, body } = request;
  const answer = await globalThis.fetch(contestant.url + path, { method, headers, body });
  const text = await answer.text();
  if (!route.isExpected(answer.status) || !route.probe(JSON.parse(text)))
    throw new UnexpectedAnswerError(
      `${contestant.name}, ${route.title}: ${answer.status} ${text.slice(0, 500)}`,
    );
  return JSON.parse(text);
}

function get(path, token) {
  return { method: 'GET', path, headers: bearer(token) };
}

function post(path, body, token) {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : bearer(token)) };
  return { method: 'POST', path, headers, body: JSON.stringify(body) };
}

function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

/** A note of each reader, made through the API. */
async function writeNotes(contestant) {
  contestant.notes = [];
  for (const token of contestant.readers) {
    const { id } = await probe(contestant, findRoute('note-create'), post('/users/notes', NOTE, token));
    contestant.notes.push({ token, id });
  }
}
