import type { PipeTransform } from '@nestjs/common';
import { AppError } from '../errors/app-error.js';
import type { ErrorCode } from '../errors/error-codes.js';

class UnknownIdError extends AppError {
  constructor(code: ErrorCode, what: string) {
    super(code, `There is no such ${what}.`);
  }
}

/** Reads a number as an id from the path. What cannot be an id names nothing, so it is a 404 like any unknown one. */
export class IdParam implements PipeTransform<string, number> {
  constructor(
    private readonly code: ErrorCode,
    private readonly what: string,
  ) {}

  transform(value: string): number {
    const id = /^[1-9]\d{0,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(id)) throw new UnknownIdError(this.code, this.what);
    return id;
  }
}

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads a UUID from the path; anything else names nothing. */
export class UuidParam implements PipeTransform<string, string> {
  constructor(
    private readonly code: ErrorCode,
    private readonly what: string,
  ) {}

  transform(value: string): string {
    if (!UUID.test(value)) throw new UnknownIdError(this.code, this.what);
    return value;
  }
}
