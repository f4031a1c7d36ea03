import type { Actor, Answer } from '../support/api-client.js';
import type { TestServer } from '../support/test-server.js';

/** Secrets of the journey below. None of them stands anywhere else, so each can be searched for. */
export const SECRET = {
  password: 'zebra-lantern-Quokka-1831',
  newPassword: 'velvet-Thunder-otter-7742',
  wrongPassword: 'umbrella-Gravel-wrong-5150',
  weakPassword: 'wk-9Pq',
  title: 'Title-marmalade-2284',
  content: 'Content-hyacinth-9931 ünïcode',
  tag: 'Tag-periwinkle-4417',
  notePassword: 'Note-pass-cinnabar-3308',
  newNotePassword: 'Note-pass-obsidian-6625',
  wrongNotePassword: 'Note-pass-wrong-7719',
  headerPassword: 'Header-pass-saffron-8846',
  queryPassword: 'Query pass/verdigris+1207',
  invalidValue: 'Invalid-cerulean-5583',
  search: 'Search-vermilion-9072',
  clientSecret: 'Client-secret-umber-4460',
  basic: 'Basic-magenta-1199',
};
/** The one that is voted for; its id stands in no path. */
export const CHOICE = 1_987_654_321;
export const NONCE = Buffer.alloc(32, 0xa7).toString('base64url');

export const JOURNEY_EMAIL = 'journey@example.com';

interface Target {
  path: string;
  token: string | undefined;
}

export const at = (path: string, token?: string): Target => ({ path, token });

type Call = [method: string, to: Target, body?: unknown, headers?: Record<string, string>];

/** Somebody who brings every secret to every route that takes one, and keeps the errors that are answered. */
export class SecretsJourney {
  readonly errors: Answer[] = [];
  /** Every token that a refresh used or answered. */
  readonly issued: string[] = [];
  /** Of a session of mine, the newest. */
  refreshToken = '';
  /** Of the device that I log in on. */
  deviceToken = '';

  constructor(
    private readonly server: TestServer,
    private readonly me: Actor,
    private readonly admin: Actor,
  ) {}

  async call(...[method, { path, token }, body, headers = {}]: Call): Promise<Answer> {
    const authorization: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = { headers: { ...authorization, ...headers } };
    const answer = await this.server.api.request(method, path, body, options);
    if (answer.status >= 400) this.errors.push(answer);
    return answer;
  }

  /** Every route that a secret can go to, as it would be called when nothing is wrong. */
  async callEverything(): Promise<void> {
    const { token } = this.me;
    const note = { title: SECRET.title, content: SECRET.content, tags: [SECRET.tag] };
    const personal = { ...note, personal_encryption: true, password: SECRET.notePassword };
    await this.call('POST', at('/users/register'), {
      name: 'Somebody',
      email: 'other@example.com',
      password: SECRET.password,
    });
    const login = { email: JOURNEY_EMAIL, password: SECRET.password };
    const loggedIn = await this.call('POST', at('/users/login'), login);
    // Later on the password is another one.
    if (loggedIn.status === 200) this.issued.push((this.deviceToken = loggedIn.body.device_token));
    await this.call('POST', at('/users/login'), login, { 'x-device-token': this.deviceToken });
    await this.call('POST', at('/users/login'), { username: 'nobody-here', password: SECRET.wrongPassword });
    await this.call('POST', at('/users/change-password', token), {
      current_password: SECRET.password,
      new_password: SECRET.newPassword,
    });
    await this.refresh();
    await this.call('PATCH', at('/users', token), { name: 'Somebody Else' });
    await this.call('POST', at('/users/notes', token), note);
    const { body } = await this.call('POST', at('/users/notes', token), personal);
    const id: number = body?.id ?? 1;
    await this.call('GET', at(`/users/notes?q=${SECRET.search}&tag=${SECRET.tag}`, token));
    await this.call(
      'GET',
      at(`/users/notes/${id}?password=${encodeURIComponent(SECRET.queryPassword)}`, token),
    );
    await this.call('GET', at(`/users/notes/${id}`, token), undefined, {
      'x-note-password': SECRET.headerPassword,
    });
    await this.call('POST', at(`/users/notes/${id}/open`, token), { password: SECRET.wrongNotePassword });
    await this.call('PATCH', at(`/users/notes/${id}`, token), {
      ...note,
      password: SECRET.notePassword,
      new_password: SECRET.newNotePassword,
    });
    await this.call('POST', at('/users/vote', token), { candidate_id: CHOICE, nonce: NONCE });
    await this.call('POST', at('/admin/candidate', this.admin.token), {
      name: `Somebody ${SECRET.invalidValue}`,
    });
    await this.call('DELETE', at(`/users/notes/${id}`, token));
  }

  private async refresh(): Promise<void> {
    const { status, body } = await this.call('POST', at('/auth/refresh'), {
      refresh_token: this.refreshToken,
    });
    if (status !== 200) return;
    this.issued.push(this.refreshToken, body.refresh_token, body.access_token);
    this.refreshToken = body.refresh_token;
  }

  /** Answers that the service gives on purpose: each of them to something that nobody else may read. */
  async provokeRefusals(): Promise<void> {
    const { token } = this.me;
    const invalid = SECRET.invalidValue;
    await this.call('POST', at('/users/register'), {
      name: [invalid],
      email: invalid,
      password: { a: invalid },
      username: `${invalid} `,
    });
    await this.call('POST', at('/users/register'), {
      name: 'A',
      email: 'weak@example.com',
      password: SECRET.weakPassword,
    });
    await this.call('POST', at('/users/register'), {
      name: 'A',
      email: JOURNEY_EMAIL,
      password: SECRET.password,
    });
    await this.call('POST', at('/users/login'), { email: invalid, password: [SECRET.wrongPassword] });
    await this.call('POST', at('/users/login'), {
      email: JOURNEY_EMAIL,
      password: SECRET.wrongPassword,
      client_secret: SECRET.clientSecret,
    });
    await this.call(
      'POST',
      at('/users/login'),
      { email: JOURNEY_EMAIL, password: SECRET.wrongPassword },
      { authorization: `Basic ${SECRET.basic}` },
    );
    await this.call('GET', at('/users/info'), undefined, { authorization: `Bearer ${SECRET.basic}` });
    await this.call('GET', at(`/users/info?access_token=${token}`));
    await this.call('POST', at('/users/change-password', token), {
      current_password: SECRET.wrongPassword,
      new_password: SECRET.newPassword,
    });
    await this.call('POST', at('/users/change-password', token), {
      current_password: SECRET.newPassword,
      new_password: SECRET.weakPassword,
    });
    await this.call('POST', at('/users/notes', token), {
      title: SECRET.title.repeat(20),
      content: [SECRET.content],
      tags: [[SECRET.tag], 7],
    });
    await this.call('POST', at('/users/notes', token), {
      title: 'x',
      content: 'x',
      personal_encryption: true,
      password: 'shrt-1',
    });
    await this.call('POST', at('/users/notes', token), {
      title: 'x',
      content: 'x',
      password: SECRET.notePassword,
    });
    await this.call('GET', at(`/users/notes?cursor=${invalid}`, token));
    await this.call('GET', at(`/users/notes?q=${invalid}&q=${SECRET.search}`, token));
    await this.call('POST', at('/users/vote', token), { candidate_id: CHOICE });
    await this.call('POST', at('/users/vote', token), { candidate_id: CHOICE, nonce: invalid });
    await this.call('POST', at('/auth/refresh'), { refresh_token: SECRET.basic });
    await this.call('GET', at(`/nowhere?token=${SECRET.basic}`, token));
    for (const rawBody of [
      `{"password":"${SECRET.password}"`,
      `{"password":"${SECRET.password}","password":"b"}`,
    ])
      this.errors.push(
        await this.server.api.post('/users/login', undefined, {
          rawBody,
          headers: { 'content-type': 'application/json' },
        }),
      );
    this.errors.push(
      await this.server.api.post('/users/login', undefined, {
        rawBody: SECRET.password,
        headers: { 'content-type': 'text/plain' },
      }),
    );
  }
}
