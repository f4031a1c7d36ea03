import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from '../errors/error-codes.js';

/**
 * Names the errors that are a route's own. What every route can answer (401, 422, 503 and the like) is added to the
 * document for all of them.
 */
export const ApiErrors = (...codes: ErrorCode[]) => ApiExtension('x-errors', codes);
