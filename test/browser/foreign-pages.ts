import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { run } from './run-in-page.js';

/** What an attacker has: a server, whose pages may do whatever a page can. */
export class ForeignSite {
  private readonly server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>A page</title>');
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** The same server under any name of this machine. */
  at(host: string): string {
    return `http://${host}:${(this.server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export interface Attack {
  how: string;
  /** What the service says of it: method and status. */
  answer: RegExp;
  launch: (tab: Page, url: string, body: string) => Promise<unknown>;
}

/** CORS asks first, and hears nothing that would allow it; what it asked about is never sent. */
const PREFLIGHT = /^OPTIONS (?:204|404)$/;
const REFUSED_POST = /^POST (?:403|415)$/;
const NO_SUCH_ROUTE = /^GET 404$/;

const fetching = (init: string) => (tab: Page, url: string, body: string) =>
  run(tab, `await fetch(url, { method: 'POST', credentials: 'include', ${init} }).catch(() => undefined);`, {
    url,
    body,
  });

/** Sends a form, whose text/plain body can read as JSON. */
const submitting = (target: string, withBody: boolean) => (tab: Page, url: string, body: string) => {
  // …,"x":"=\r\n"}: the equals sign that a browser adds stands within a string.
  const field = withBody ? { name: body.replace(/\}$/, ',"x":"'), value: '"}' } : undefined;
  return run(
    tab,
    `const frame = document.createElement('iframe');
       frame.name = 'frame';
       const form = document.createElement('form');
       Object.assign(form, { action: url, method: 'POST', target, enctype: 'text/plain' });
       if (field) form.append(Object.assign(document.createElement('input'), field));
       document.body.append(frame, form);
       form.submit();`,
    { url, target, field },
  );
};

/** Ways in which a page makes a browser ask another origin for something, with whatever it adds by itself. */
export const ATTACKS: Attack[] = [
  {
    how: 'fetch with JSON',
    answer: PREFLIGHT,
    launch: fetching(`headers: { 'content-type': 'application/json' }, body`),
  },
  {
    how: 'fetch with the CSRF token that it can read, or one that it makes up',
    answer: PREFLIGHT,
    launch: fetching(
      `headers: { 'x-csrf-token': /__Host-csrf=([^;]*)/.exec(document.cookie)?.[1] ?? 'A'.repeat(64) }`,
    ),
  },
  { how: 'fetch with a body of text', answer: REFUSED_POST, launch: fetching('body') },
  {
    how: 'fetch without CORS, with a body of text',
    answer: REFUSED_POST,
    launch: fetching(`mode: 'no-cors', body`),
  },
  { how: 'fetch without CORS and without a body', answer: REFUSED_POST, launch: fetching(`mode: 'no-cors'`) },
  {
    how: 'a beacon',
    answer: REFUSED_POST,
    launch: (tab, url, body) =>
      run(tab, `navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }));`, { url, body }),
  },
  { how: 'a form in a frame', answer: REFUSED_POST, launch: submitting('frame', true) },
  { how: 'a form that leads there', answer: REFUSED_POST, launch: submitting('_self', true) },
  { how: 'an empty form that leads there', answer: REFUSED_POST, launch: submitting('_self', false) },
  {
    how: 'an image',
    answer: NO_SUCH_ROUTE,
    launch: (tab, url) =>
      run(
        tab,
        `await new Promise((resolve) => {
           const image = new Image();
           image.onload = image.onerror = () => resolve();
           image.src = url;
         });`,
        { url },
      ),
  },
  {
    how: 'a link',
    answer: NO_SUCH_ROUTE,
    launch: (tab, url) => run(tab, 'location.href = url;', { url }),
  },
];
