import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { MalformedRequestError, ValidationFailedError, type FieldProblem } from '../errors/common.errors.js';

/** The validator's work grows with the square of this. */
const MAX_NAMES = 1_000;

class ExactValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // What our own decorators hand over came from no client.
    if (metadata.type !== 'custom') refuseInheritedNames(value);
    return super.transform(value, metadata);
  }

  /** Leaves single parameters as the text they are: Nest would read "1 ", "+1" and "0x1" as the number 1. */
  protected override transformPrimitive(value: unknown): unknown {
    return value;
  }
}

/**
 * class-validator looks each field up in a plain object, where it also finds the names that all objects inherit.
 * @throws ValidationFailedError for a field such as `toString`
 */
function refuseInheritedNames(value: unknown): void {
  const inherited = inheritedNamesIn(value);
  if (inherited.length === 0) return;
  throw new ValidationFailedError(inherited.map((field) => ({ field, problems: ['is not a known field'] })));
}

/** With the path of those in inner objects; how deep they go is bounded by the parser of bodies. */
function inheritedNamesIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  // Bodies are bounded by their parsers; this is for queries.
  if (entries.length > MAX_NAMES)
    throw new MalformedRequestError(`There are more than ${MAX_NAMES} parameters.`);
  return entries.flatMap(([name, inner]) => [
    ...(name in Object.prototype ? [path + name] : []),
    ...inheritedNamesIn(inner, `${path}${name}.`),
  ]);
}

/** Checks every body and query against its DTO; unknown fields are refused, types are never guessed. */
export function createValidationPipe(): ValidationPipe {
  return new ExactValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    // The value is there to tell a missing field from a wrong one; no answer repeats it.
    validationError: { target: false, value: true },
    exceptionFactory: (errors) => new ValidationFailedError(flatten(errors)),
  });
}

function flatten(errors: ValidationError[], parent = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = parent ? `${parent}.${error.property}` : error.property;
    const problems = problemsOf(error);
    const own = problems.length > 0 ? [{ field, problems }] : [];
    return [...own, ...flatten(error.children ?? [], field)];
  });
}

function problemsOf({ constraints = {}, property, value }: ValidationError): string[] {
  const rules = Object.entries(constraints);
  // Of a field that is not there, every rule would complain; one may know what else can be given.
  if (rules.length > 0 && value === undefined) return [constraints['insteadOf'] ?? 'is missing'];
  return rules.map(([rule, message]) =>
    rule === 'whitelistValidation' ? 'is not a known field' : withoutFieldName(message, property),
  );
}

/** class-validator begins its sentences with the field, which stands beside them here. */
function withoutFieldName(message: string, field: string): string {
  return message.startsWith(`${field} `) ? message.slice(field.length + 1) : message;
}
