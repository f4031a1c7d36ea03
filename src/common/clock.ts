import { Injectable } from '@nestjs/common';

/** The time of this process, for what the database does not decide. Tests put their own in its place. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}
