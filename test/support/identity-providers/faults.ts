import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { answerJson } from './local-server.js';

/** What an endpoint does instead of answering. True: it answers after all. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
) => boolean | undefined | Promise<boolean>;

/** Takes the request and never says anything. */
export const hang: Fault = () => undefined;

/** The head comes, the body never ends. */
export const hangInBody: Fault = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"');
  return undefined;
};

/** Answers rightly, later. */
export const slow =
  (milliseconds: number): Fault =>
  async () => {
    await delay(milliseconds);
    return true;
  };

export const status =
  (code: number, body = 'upstream connect error'): Fault =>
  (_request, response) => {
    response.writeHead(code, { 'content-type': 'text/plain' }).end(body);
    return undefined;
  };

export const json =
  (body: unknown, code = 200): Fault =>
  (_request, response) => {
    answerJson(response, body, code);
    return undefined;
  };

/** Of 200, as a captive portal answers. */
export const html: Fault = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>');
  return undefined;
};

/** Says that it is JSON, and is not. */
export const brokenJson: Fault = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer":');
  return undefined;
};

/** With 307 a body is to be sent there once more. */
export const redirectTo =
  (location: string, code: 302 | 307 = 302): Fault =>
  (_request, response) => {
    response.writeHead(code, { location }).end();
    return undefined;
  };

/** JSON of so many megabytes. @returns the fault, and how many bytes of it were taken so far */
export function huge(megabytes: number): { fault: Fault; bytesTaken: () => number } {
  let taken = 0;
  const chunk = Buffer.alloc(64 * 1024, 'a');
  return {
    bytesTaken: () => taken,
    fault: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"padding":"');
      const write = () => {
        while (taken < megabytes * 1024 * 1024 && !response.destroyed) {
          taken += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
        response.end('"}');
      };
      write();
      return undefined;
    },
  };
}
