import { ValidateIf } from 'class-validator';

/** For a field that may be left out. Unlike IsOptional it lets no `null` through. */
export const IfGiven = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
