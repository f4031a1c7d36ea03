import { ValidateBy } from 'class-validator';

/** For a field that stands instead of `other`, never beside it. */
export const InsteadOf = (other: string): PropertyDecorator =>
  ValidateBy({
    name: 'insteadOf',
    validator: {
      validate: (_, args) => (args?.object as Record<string, unknown>)[other] === undefined,
      defaultMessage: (args) => `stands beside ${other}: give either ${other} or ${args?.property ?? ''}`,
    },
  });
