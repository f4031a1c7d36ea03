import type { Answer } from './api-client.js';

/** The status of an answer, and the code of its error where it is one. */
export const outcome = ({ status, body }: Answer) => [status, body?.error?.code];
