import { z } from 'zod';

/** A whole number; none where nothing is set. */
export const wholeIfSet = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must lie between ${min} and ${max}`);

/** A whole number, `fallback` where nothing is set. */
export const whole = (min: number, max: number, fallback: number) => wholeIfSet(min, max).default(fallback);

/** One of these words; the message lists them. */
export const oneOf = <const V extends string>(...values: V[]) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

/** true or false; `fallback` where nothing is set. */
export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(fallback);

/** Entries between commas; an empty list where nothing is set. */
export const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  )
  .default([]);

/** Values between spaces, as OAuth writes them; none where nothing is set. */
export const words = z
  .string()
  .transform((value) => value.split(' ').filter(Boolean))
  .default([]);

/** A URL of one of these protocols (each with its colon), as it was written. */
export const urlWith = (protocols: string[], parse: (value: string) => URL) =>
  z.string().refine(
    (value) => {
      try {
        return protocols.includes(parse(value).protocol);
      } catch {
        return false;
      }
    },
    `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  );

/** An http or https URL, as it was written. */
export const webUrl = urlWith(['http:', 'https:'], (value) => new URL(value));

/** Anything, as it was written. */
export const text = z.string();
