import { Transform } from 'class-transformer';

/** For a query parameter: `?q=` says as little as no `q`. */
export const EmptyIsAbsent = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));
