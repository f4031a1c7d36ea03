import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { IsBoolean, validateSync } from 'class-validator';
import { IfGiven } from './if-given.decorator.js';

class Sample {
  @IfGiven()
  @IsBoolean()
  field: unknown;
}

const isRefused = (value: unknown) => validateSync(Object.assign(new Sample(), { field: value })).length > 0;

describe('a field that is checked if given', () => {
  it('may be left out', () => {
    expect(isRefused(undefined)).toBe(false);
  });

  it.each([null, '', 0, 'true'])('is checked when it is %j', (value) => {
    expect(isRefused(value)).toBe(true);
  });
});
