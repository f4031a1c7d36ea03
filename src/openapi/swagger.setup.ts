import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { CSRF_COOKIE, REFRESH_COOKIE } from '../auth/web/browser-cookies.js';
import { DOCS_PATH } from '../common/http/create-adapter.js';
import { completeDocument } from './complete-document.js';
import { VERSION } from '../common/version.js';

/** Serves Swagger UI at /mc101docs and the document at /mc101docs-json. */
export async function setUpSwagger(app: NestFastifyApplication): Promise<void> {
  const document = await createDocument(app);
  SwaggerModule.setup(DOCS_PATH.slice(1), app, document, {
    customSiteTitle: 'MC101',
    jsonDocumentUrl: `${DOCS_PATH.slice(1)}-json`,
    raw: ['json'],
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true },
  });
}

/**
 * The OpenAPI 3.1 description of every route, each listed once.
 * @internal for tests
 */
export async function createDocument(app: NestFastifyApplication): Promise<OpenAPIObject> {
  const { default: metadata } = await import('../metadata.js');
  await SwaggerModule.loadPluginMetadata(metadata);
  const outline = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('MC101')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'Without a version: always the current one')
    .addServer('/v1', 'Version 1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addOAuth2({ type: 'oauth2', flows: { password: { tokenUrl: '/users/login', scopes: {} } } }, 'password')
    .addSecurity('cookie', { type: 'apiKey', in: 'cookie', name: REFRESH_COOKIE })
    .addSecurity('csrf-cookie', { type: 'apiKey', in: 'cookie', name: CSRF_COOKIE })
    .addSecurity('csrf', { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' })
    .build();
  return completeDocument(SwaggerModule.createDocument(app, outline));
}

const DESCRIPTION = [
  'Private notes, encrypted at rest, and votes that count exactly once.',
  '',
  'Use **Authorize** with an e-mail address or username and a password, or paste an access token.',
  'Every error has the shape `{"error": {"code", "message", "details", "request_id"}}`.',
].join('\n');
