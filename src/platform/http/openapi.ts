import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { BUILD } from '../build';

/**
 * Serves the description of the API as `/openapi.json` and, for people, as `/docs`, with nothing loaded from elsewhere.
 * The document is built when it is first asked for.
 */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => describe(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Bookshelf',
    // The badge of the validator would be fetched from the network.
    swaggerOptions: { validatorUrl: null },
  });
}

function describe(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Bookshelf')
    .setDescription(
      'The back end of an online bookshop. Every error is `application/problem+json` with a stable `code`.',
    )
    .setVersion(BUILD)
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
    responses: {
      ...document.components?.responses,
      Problem: {
        description: 'Why the request was not done',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.put, path.post, path.delete, path.patch]) {
      if (operation) operation.responses.default ??= { $ref: '#/components/responses/Problem' };
    }
  }
  return document;
}

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri', example: 'urn:bookshelf:problem:request-invalid' },
    title: { type: 'string', example: 'Bad Request' },
    status: { type: 'integer', example: 400 },
    detail: { type: 'string', example: 'One field is wrong.' },
    code: { type: 'string', example: 'request-invalid', description: 'Stable: clients may branch on it' },
    errors: {
      type: 'array',
      description: 'For status 400: the fields that are wrong, at most 20 of them',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string', example: 'items[0].quantity' },
          message: { type: 'string', example: 'must be a whole number from 1 to 1000' },
        },
      },
    },
    moreErrors: { type: 'integer', description: 'How many errors are not listed' },
    details: { type: 'object', additionalProperties: true, description: 'What the code is about, as data' },
  },
};
