interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  minimum?: number;
}

interface DocumentedOperation {
  security: object[];
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}

/** One route as the service describes it, with every place where a caller can put something. */
export interface Operation {
  /** `POST /users/vote` */
  key: string;
  method: string;
  path: string;
  isPublic: boolean;
  /** Known by a cookie and a CSRF token, not by an access token. */
  takesCookies: boolean;
  takesForm: boolean;
  pathFields: string[];
  queryFields: string[];
  headerFields: string[];
  /** Undefined for a route without a body. */
  bodyFields: string[] | undefined;
  /** A body that fits the description: each required field with its example. */
  sampleBody: Record<string, unknown>;
  /** What the description gives as an example of each field. */
  samples: Record<string, unknown>;
}

/** Reads from the served document which routes there are and what they take: a new route needs no word here. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) =>
      describeOperation(document, method.toUpperCase(), path, operation),
    ),
  );
}

function describeOperation(
  document: OpenApiDocument,
  method: string,
  path: string,
  { security, parameters = [], requestBody }: DocumentedOperation,
): Operation {
  const named = (place: string) => parameters.filter((p) => p.in === place).map(({ name }) => name);
  const schema = requestBody && resolve(document, requestBody.content['application/json']?.schema ?? {});
  const properties = Object.entries(schema?.properties ?? {});
  const samples = Object.fromEntries(
    properties.map(([name, property]) => [name, sampleOf(document, property)]),
  );
  return {
    key: `${method} ${path}`,
    method,
    path,
    isPublic: security.length === 0,
    takesCookies: security.some((requirement) => 'cookie' in requirement),
    takesForm: requestBody?.content['application/x-www-form-urlencoded'] !== undefined,
    pathFields: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
    queryFields: named('query'),
    headerFields: named('header'),
    bodyFields: schema && properties.map(([name]) => name),
    sampleBody: Object.fromEntries((schema?.required ?? []).map((name) => [name, samples[name]])),
    samples,
  };
}

function resolve(document: OpenApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolve(document, document.components.schemas[name] ?? {});
}

function sampleOf(document: OpenApiDocument, property: Schema): unknown {
  const schema = resolve(document, property);
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [type] = [schema.type].flat();
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [];
  if (type === 'object') return {};
  return 'a sample of text';
}
