import type { OpenAPIObject } from '@nestjs/swagger';
import { headersOf } from './answer-headers.js';
import { cookieParameters, setCookieHeader, type CookieHint } from './cookies.js';
import { SENTENCES } from './error-sentences.js';
import type { ErrorExample } from '../common/http/api-errors.decorator.js';
import { STATUS_BY_CODE, type ErrorCode } from '../common/errors/error-codes.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** What the decorators of the routes leave for this file to read, and the document does not show. */
interface Hints {
  'x-errors'?: ErrorCode[];
  'x-error-examples'?: Partial<Record<ErrorCode, ErrorExample>>;
  'x-answer'?: string;
  'x-form'?: object;
  'x-open-without-second-factor'?: boolean;
  /** Lines of Set-Cookie by status. */
  'x-set-cookies'?: Record<string, string[]>;
  'x-cookies'?: CookieHint[];
}

/** What stands in `details`, of the codes that have anything there. */
const DETAILS: Partial<Record<ErrorCode, Record<string, unknown>>> = {
  VALIDATION_ERROR: { fields: [{ field: 'name', problems: ['must be a string'] }] },
  WEAK_PASSWORD: {
    problem: 'This is similar to a commonly used password.',
    suggestions: ['Add another word or two. Uncommon words are better.'],
  },
  MFA_REQUIRED: {
    mfa_required: true,
    mfa_token: 'Wk3tR8vQ1nXz5cYb7LmD2sGfH9jKpA4uE6oTiB0xNqM',
    methods: ['totp', 'backup_code'],
  },
  IDENTITY_NOT_LINKED: { link_code: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M', expires_in: 600 },
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const VERSION_PREFIX = '/v1';

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'request_id'],
      properties: {
        code: { type: 'string', enum: Object.keys(STATUS_BY_CODE) },
        message: { type: 'string' },
        details: { type: 'object', additionalProperties: true },
        request_id: { type: 'string' },
      },
    },
  },
};

/**
 * Makes the generated document say all there is to say: each route once, who may call it, and every error with an
 * example.
 */
export function completeDocument(document: OpenAPIObject): OpenAPIObject {
  const paths: OpenAPIObject['paths'] = {};
  for (const [path, item] of Object.entries(document.paths)) {
    if (path.startsWith(`${VERSION_PREFIX}/`)) continue;
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) completeOperation(operation, path);
    }
    paths[path] = item;
  }
  const schemas = { ...document.components?.schemas, Error: ERROR_SCHEMA };
  sayInteger(schemas);
  sayInteger(paths);
  return { ...document, paths, components: { ...document.components, schemas } };
}

/** TypeScript knows one kind of number; every number of this API is whole. */
function sayInteger(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Record<string, unknown>;
  if (schema['type'] === 'number') schema['type'] = 'integer';
  for (const child of Object.values(schema)) sayInteger(child);
}

function completeOperation(operation: Operation & Hints, path: string): void {
  const isPublic = operation.security?.some((requirement) => Object.keys(requirement).length === 0) ?? false;
  const isForBrowsers = operation.security?.some((requirement) => 'cookie' in requirement) ?? false;
  if (isPublic) operation.security = [];
  else if (!isForBrowsers) operation.security = [{ bearer: [] }, { password: [] }];
  operation.operationId = operation.operationId?.replace(/\[[^\]]*\]$|_(?:v1|neutral|Neutral).*$/i, '');
  const {
    'x-errors': own = [],
    'x-error-examples': ownExamples = {},
    'x-answer': answer,
    'x-form': form,
  } = operation;
  const { 'x-set-cookies': setCookies = {}, 'x-cookies': cookies = [] } = operation;
  delete operation['x-errors'];
  delete operation['x-error-examples'];
  delete operation['x-answer'];
  delete operation['x-form'];
  const needsSecondFactor = !isPublic && !isForBrowsers && !operation['x-open-without-second-factor'];
  delete operation['x-open-without-second-factor'];
  delete operation['x-set-cookies'];
  delete operation['x-cookies'];
  operation.parameters = [...(operation.parameters ?? []), ...cookieParameters(cookies)];
  if (form && operation.requestBody && 'content' in operation.requestBody)
    operation.requestBody.content['application/x-www-form-urlencoded'] = form;
  if (answer !== undefined) describeSuccess(operation, answer);
  keepOutOfForms(operation);
  const codes = new Set<ErrorCode>([
    ...own,
    ...(needsSecondFactor ? (['MFA_SETUP_REQUIRED'] as const) : []),
    ...commonErrors(operation, isPublic, path),
  ]);
  for (const [status, group] of groupByStatus(codes)) {
    operation.responses[status] ??= {
      description: group.join(' or '),
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/Error' },
          examples: Object.fromEntries(group.map((code) => [code, example(code, ownExamples[code])])),
        },
      },
    };
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    const lines = setCookies[status];
    if (response && 'description' in response)
      response.headers = {
        ...response.headers,
        ...(lines && { 'Set-Cookie': setCookieHeader(lines) }),
        ...headersOf(Number(status), isLimited(path)),
      };
  }
}

function describeSuccess({ responses }: Operation, description: string): void {
  for (const [status, response] of Object.entries(responses)) {
    if (status.startsWith('2') && response && 'description' in response) response.description = description;
  }
}

/**
 * Swagger UI fills the `example` of a parameter into its form, so that what may be left out would never be. As
 * `examples` of the schema (JSON Schema, 9.5) it is documented just as well.
 */
function keepOutOfForms({ parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if (!('in' in parameter) || parameter.required) continue;
    const { schema } = parameter;
    if (!schema || '$ref' in schema) continue;
    const example: unknown = schema.example;
    if (example === undefined) continue;
    delete schema.example;
    schema.examples = [example];
  }
}

/** Supervisors are answered always, and by any name. */
function isLimited(path: string): boolean {
  return path !== '/health' && path !== '/ready';
}

function commonErrors(operation: Operation, isPublic: boolean, path: string): ErrorCode[] {
  const codes: ErrorCode[] = ['INTERNAL_ERROR'];
  if (path !== '/' && path !== '/health') codes.push('DATABASE_UNAVAILABLE');
  if (isLimited(path)) codes.push('MAINTENANCE', 'RATE_LIMITED', 'MISDIRECTED_REQUEST');
  if (!isPublic) codes.push('UNAUTHENTICATED');
  if (path.startsWith('/admin/')) codes.push('FORBIDDEN');
  if (operation.requestBody) codes.push('MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE');
  if (
    operation.requestBody ??
    operation.parameters?.some((parameter) => 'in' in parameter && parameter.in === 'query')
  ) {
    codes.push('VALIDATION_ERROR');
  }
  return codes;
}

function groupByStatus(codes: Set<ErrorCode>): Map<string, ErrorCode[]> {
  const groups = new Map<string, ErrorCode[]>();
  for (const code of codes) {
    const status = String(STATUS_BY_CODE[code]);
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

/** @param own what a route says of it, instead of what there is to say everywhere */
function example(code: ErrorCode, own?: ErrorExample): { value: unknown } {
  const { message, details } = own ?? { message: SENTENCES[code], details: DETAILS[code] ?? {} };
  return { value: { error: { code, message, details, request_id: '3f0c6b1e-5d0e-4b52-9a53-0f3e7c7d9b10' } } };
}
