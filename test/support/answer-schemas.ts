import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** The schemas of the OpenAPI document, to hold answers against. */
export class AnswerSchemas {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });

  /** @param document OpenAPI 3.1, whose schemas are those of JSON Schema 2020-12 */
  constructor(document: object) {
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, 'openapi.json');
  }

  /** @param path as the document has it @returns what of a JSON answer does not fit; empty: all does */
  problems(method: string, path: string, status: number, body: unknown): string[] {
    const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status)]
      .concat('content', 'application/json', 'schema')
      .map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const fits = this.ajv.compile({ $ref: `openapi.json#/${pointer}` });
    if (fits(body)) return [];
    return (fits.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  }
}
