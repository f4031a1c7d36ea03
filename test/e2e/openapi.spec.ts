import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { STATUS_BY_CODE } from '../../src/common/errors/error-codes.js';
import { Clock } from '../../src/common/clock.js';
import { AnswerSchemas } from '../support/answer-schemas.js';
import { enrol } from '../support/authenticator.js';
import { PasskeyClient } from '../support/passkey-client.js';
import { COOKIE_ROUTES, PUBLIC_ROUTES } from '../support/public-routes.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

interface Media {
  schema?: object;
  example?: object;
  examples?: Record<string, { value: { error: { code: keyof typeof STATUS_BY_CODE; message: string } } }>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  deprecated?: boolean;
  schema: { type?: string; example?: unknown; examples?: unknown[] };
}

interface Response {
  description: string;
  headers?: Record<string, { description?: string; schema: object }>;
  content?: Record<string, Media>;
}

interface Property {
  $ref?: string;
  type?: string | string[];
  items?: { $ref?: string };
  enum?: unknown[];
  example?: unknown;
}

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

interface Document {
  openapi: string;
  info: { title: string; version: string };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, { properties?: Record<string, Property>; required?: string[] }>;
    securitySchemes: Record<string, object>;
  };
}

let server: TestServer;
let document: Document;
let operations: { name: string; method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  server = await startTestServer();
  document = (await server.api.get('/mc101docs-json')).body as Document;
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method,
      path,
      operation,
    })),
  );
});
afterAll(() => server.close());

/** The names of the operations that break a rule, so that a failure says which. */
const breaking = (rule: (entry: (typeof operations)[number]) => boolean) =>
  operations.filter((entry) => !rule(entry)).map(({ name }) => name);

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(document as unknown as Record<string, unknown>);
    expect(result).toMatchObject({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('lists each route once, without a version, and both servers', () => {
    expect(document.servers.map(({ url }) => url)).toEqual(['/', '/v1']);
    expect(Object.keys(document.paths).filter((path) => /^\/v\d/.test(path) || /.\/$/.test(path))).toEqual(
      [],
    );
    const names = operations.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([...PUBLIC_ROUTES, 'GET /users/info', 'PATCH /users', 'GET /admin/users']),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('gives every operation an id of its own, fit for a generated client', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(id))).toEqual([]);
    expect(ids.filter((id) => /v1|neutral/i.test(id))).toEqual([]);
  });

  it('says of every operation what it does and where it belongs', () => {
    expect(breaking(({ operation }) => /\w.*\.$/.test(operation.summary ?? ''))).toEqual([]);
    expect(breaking(({ operation }) => operation.tags?.length === 1)).toEqual([]);
  });

  it('says who may call: nobody needs a token for the public routes, everybody for the others', () => {
    const open = operations.filter(({ operation }) => operation.security?.length === 0);
    expect(open.map(({ name }) => name).sort()).toEqual(PUBLIC_ROUTES);
    const guarded = operations.filter(({ name }) => !PUBLIC_ROUTES.includes(name));
    for (const { name, operation } of guarded) {
      expect({ name, security: operation.security }).toEqual({
        name,
        security: COOKIE_ROUTES.includes(name)
          ? [{ cookie: [], csrf: [], 'csrf-cookie': [] }]
          : [{ bearer: [] }, { password: [] }],
      });
    }
    expect(document.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      password: { type: 'oauth2', flows: { password: { tokenUrl: '/users/login', scopes: {} } } },
      cookie: { type: 'apiKey', in: 'cookie', name: '__Host-refresh' },
      'csrf-cookie': { type: 'apiKey', in: 'cookie', name: '__Host-csrf' },
      csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
    });
  });

  it('describes every answer: a success with a schema, each error with an example of its own status', () => {
    expect(
      breaking(({ operation: { responses } }) =>
        Object.keys(responses).some(
          (status) => status.startsWith('2') || responses[status]?.headers?.['Location'] !== undefined,
        ),
      ),
    ).toEqual([]);
    for (const { name, operation } of operations) {
      for (const [status, { content, description }] of Object.entries(operation.responses)) {
        const where = `${name} ${status}`;
        expect({ where, description }).toEqual({ where, description: expect.stringMatching(/\w/) });
        const media = Object.values(content ?? {});
        if (status === '204' || (status === '302' && media.length === 0)) {
          expect({ where, media }).toEqual({ where, media: [] });
          continue;
        }
        expect({ where, schemas: media.map(({ schema }) => typeof schema) }).toEqual({
          where,
          schemas: ['object'],
        });
        if (Number(status) < 400) continue;
        if (where === 'GET /ready 503') {
          expect(media[0]?.example).toMatchObject({
            status: 'down',
            checks: { database: { status: 'down' } },
          });
          continue;
        }
        const examples = Object.entries(media[0]?.examples ?? {});
        expect({ where, examples: examples.length }).not.toEqual({ where, examples: 0 });
        for (const [code, { value }] of examples) {
          expect({ where, code: value.error.code, status: STATUS_BY_CODE[value.error.code] }).toEqual({
            where,
            code,
            status: Number(status),
          });
        }
      }
    }
  });

  it('names the headers that answers have', () => {
    for (const { name, operation } of operations) {
      for (const [status, { headers = {} }] of Object.entries(operation.responses)) {
        const expected = [
          'X-Request-ID',
          ...(status === '401' ? ['WWW-Authenticate'] : []),
          ...(['429', '503'].includes(status) ? ['Retry-After'] : []),
        ];
        const where = `${name} ${status}`;
        expect({ where, headers: Object.keys(headers) }).toEqual({
          where,
          headers: expect.arrayContaining(expected),
        });
        for (const { description, schema } of Object.values(headers)) {
          expect({ where, description }).toEqual({ where, description: expect.stringMatching(/\w/) });
          expect(schema).toHaveProperty('example');
        }
      }
    }
  });

  it('gives an example of everything that comes back and cannot be guessed', () => {
    const without = Object.entries(document.components.schemas)
      .filter(([name]) => !/(?:Request|Form|Error)$/.test(name))
      .flatMap(([name, { properties = {} }]) =>
        Object.entries(properties)
          .filter(
            ([, { $ref, items, enum: values, example }]) =>
              !$ref && !items?.$ref && !values && example === undefined,
          )
          .map(([property]) => `${name}.${property}`),
      );
    expect(without).toEqual([]);
  });

  it('explains every parameter, with an example', () => {
    const parameters = operations.flatMap(({ name, operation }) =>
      (operation.parameters ?? []).map((parameter) => ({ route: name, ...parameter })),
    );
    expect(parameters.length).toBeGreaterThan(20);
    for (const { route, required, name, description, deprecated, schema } of parameters) {
      const where = `${route} ${name}`;
      expect({ where, description }).toEqual({ where, description: expect.stringMatching(/\w/) });
      if (deprecated) continue;
      // Swagger UI sends an `example` along; of what may be left out it would make a filter that nobody asked for.
      expect({ where, example: schema.example }).toEqual({
        where,
        example: required ? expect.anything() : undefined,
      });
      if (!required)
        expect({ where, examples: schema.examples }).toEqual({ where, examples: [expect.anything()] });
    }
  });

  it('says how long a password must be where one is set', () => {
    const lengths = (name: string, property: string) =>
      document.components.schemas[name]?.properties?.[property];
    const account = { minLength: 8, maxLength: 128 };
    expect(lengths('RegisterRequest', 'password')).toMatchObject(account);
    expect(lengths('ChangePasswordRequest', 'new_password')).toMatchObject(account);
    const tried = { minLength: 1, maxLength: 1024 };
    expect(lengths('ChangePasswordRequest', 'current_password')).toMatchObject(tried);
    expect(lengths('LoginRequest', 'password')).toMatchObject(tried);
    expect(lengths('LoginForm', 'password')).toMatchObject(tried);
  });

  it('documents for each kind of route the errors that it can answer', () => {
    const documented = (operation: Operation) =>
      Object.values(operation.responses).flatMap(({ content }) =>
        Object.values(content ?? {}).flatMap(({ examples }) => Object.keys(examples ?? {})),
      );
    const missing = (operation: Operation, codes: string[]) =>
      codes.filter((code) => !documented(operation).includes(code));
    for (const { name, path, operation } of operations) {
      const expected = [
        'INTERNAL_ERROR',
        ...(['/health', '/ready'].includes(path) ? [] : ['MAINTENANCE']),
        ...(PUBLIC_ROUTES.includes(name) ? [] : ['UNAUTHENTICATED', 'DATABASE_UNAVAILABLE']),
        ...(path.startsWith('/admin/') ? ['FORBIDDEN'] : []),
        ...(operation.requestBody
          ? ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR']
          : []),
      ];
      expect({ name, missing: missing(operation, expected) }).toEqual({ name, missing: [] });
    }
    const { post: register } = document.paths['/users/register']!;
    expect(missing(register!, ['USER_EXISTS', 'WEAK_PASSWORD', 'BUSY'])).toEqual([]);
    const { post: login } = document.paths['/users/login']!;
    expect(missing(login!, ['INVALID_CREDENTIALS', 'LOCKED_OUT', 'RATE_LIMITED', 'BUSY'])).toEqual([]);
    const { delete: remove } = document.paths['/users']!;
    expect(missing(remove!, ['REAUTHENTICATION_REQUIRED', 'LAST_ADMIN'])).toEqual([]);
  });

  it('describes bodies and parameters with their types, and the login as JSON and as a form', () => {
    const bodies = operations.filter(({ method }) => ['post', 'patch', 'put'].includes(method));
    const without = [
      ...COOKIE_ROUTES,
      'POST /users/logout',
      'POST /auth/email/resend',
      'POST /auth/logout-all',
      'POST /auth/mfa/totp/setup',
      'POST /admin/users/{id}/mfa-reset',
      'POST /auth/passkeys/register/options',
      'POST /admin/backups',
      'POST /admin/users/{id}/logout-all',
      'POST /admin/users/{id}/unlock',
    ];
    expect(
      bodies
        .filter(({ operation }) => !operation.requestBody)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(without.sort());
    expect(Object.keys(document.paths['/users/login']!['post']!.requestBody!.content)).toEqual([
      'application/json',
      'application/x-www-form-urlencoded',
    ]);
    for (const { name, operation } of operations) {
      for (const parameter of operation.parameters ?? []) {
        expect({ name, parameter: parameter.name, schema: parameter.schema }).toEqual({
          name,
          parameter: parameter.name,
          schema: expect.objectContaining({ type: expect.stringMatching(/^(?:string|integer|boolean)$/) }),
        });
      }
    }
  });

  it('tells the truth about what comes back', async () => {
    const alice = await server.signUp();
    const admin = await server.signUpAdmin();
    /** The schema of an answer; of several that it may have, the one that it names as its own. */
    const schemaOf = (path: string, method: string, name: string | undefined) => {
      const { schema } = document.paths[path]![method]!.responses['200']!.content!['application/json']!;
      const { $ref, oneOf = [] } = schema as { $ref?: string; oneOf?: { $ref: string }[] };
      const names = [$ref, ...oneOf.map((one) => one.$ref)].map((ref) => ref?.split('/').at(-1));
      const found = name === undefined ? names[0] : names.find((one) => one === name);
      return document.components.schemas[found!]!;
    };
    const carol = await server.signUp();
    const { app } = await enrol(server.api, server.app.get(Clock), carol);
    const passkey = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
    expect((await passkey.register(alice)).status).toBe(201);
    const waiting = await server.api.post('/users/login', { email: carol.email, password: carol.password });
    const answers = [
      ['/users/info', 'get', (await server.as(alice).get('/users/info')).body],
      ['/users', 'patch', (await server.as(alice).patch('/users', { name: 'Alice' })).body],
      ['/users/audit', 'get', (await server.as(alice).get('/users/audit')).body],
      ['/users/export', 'get', (await server.as(alice).get('/users/export')).body],
      ['/admin/invitations', 'get', (await server.as(admin).get('/admin/invitations')).body],
      ['/admin/users', 'get', (await server.as(admin).get('/admin/users')).body],
      ['/admin/users/{id}', 'get', (await server.as(admin).get(`/admin/users/${alice.id}`)).body],
      [
        '/users/login',
        'post',
        (await server.api.post('/users/login', { email: alice.email, password: alice.password })).body,
        'LoginResponse',
      ],
      ['/users/login', 'post', waiting.body, 'MfaRequiredResponse'],
      [
        '/auth/mfa/complete',
        'post',
        (
          await server.api.post('/auth/mfa/complete', {
            mfa_token: waiting.body.mfa_token,
            code: app.freshCode(),
          })
        ).body,
      ],
      ['/auth/mfa/totp/setup', 'post', (await server.as(alice).post('/auth/mfa/totp/setup')).body],
      [
        '/auth/passkeys/login/options',
        'post',
        (await server.api.post('/auth/passkeys/login/options', { email: alice.email })).body,
      ],
      [
        '/auth/passkeys/register/options',
        'post',
        (await server.as(alice).post('/auth/passkeys/register/options')).body,
      ],
      ['/health', 'get', (await server.api.get('/health')).body],
      ['/ready', 'get', (await server.api.get('/ready')).body],
      ['/', 'get', (await server.api.get('/')).body],
    ] as [string, string, object, string?][];
    const schemas = new AnswerSchemas(document);
    for (const [path, method, body, name] of answers) {
      expect({ path, problems: schemas.problems(method, path, 200, body) }).toEqual({ path, problems: [] });
      const { properties, required } = schemaOf(path, method, name);
      expect({ path, fields: Object.keys(properties ?? {}).sort() }).toEqual({
        path,
        fields: Object.keys(body).sort(),
      });
      expect({ path, required: [...(required ?? [])].sort() }).toEqual({
        path,
        required: Object.keys(body).sort(),
      });
    }
  });
});

describe('DOCS_ENABLED=false', () => {
  it('takes the documentation away, and nothing else', async () => {
    const silent = await startTestServer({ database: server.database, env: { DOCS_ENABLED: 'false' } });
    try {
      for (const path of ['/mc101docs', '/mc101docs/', '/mc101docs-json', '/mc101docs/swagger-ui.css']) {
        expect((await silent.api.get(path)).status).toBe(404);
      }
      expect((await silent.api.get('/health')).status).toBe(200);
    } finally {
      await silent.close();
    }
  });
});
