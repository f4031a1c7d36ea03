import { ValidateBy } from 'class-validator';

/** For a field that stands instead of `other`, never beside it; where it is looked at, one of the two must be there. */
export const InsteadOf = (other: string): PropertyDecorator =>
  ValidateBy({
    name: 'insteadOf',
    validator: {
      validate: (value, args) =>
        (value === undefined) !== ((args?.object as Record<string, unknown>)[other] === undefined),
      defaultMessage: (args) =>
        `${args?.value === undefined ? 'is missing' : `stands beside ${other}`}: give either ${other} or ${args?.property ?? ''}`,
    },
  });
