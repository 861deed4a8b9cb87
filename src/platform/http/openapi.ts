import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { BUILD } from '../build';

type OperationObject = NonNullable<OpenAPIObject['paths'][string]['get']>;

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
    parameters: PARAMETERS,
    headers: HEADERS,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
    responses: {
      ...document.components?.responses,
      Problem: {
        description: 'Why the request was not done',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
  for (const { get, ...others } of Object.values(document.paths)) {
    if (get) tellOf(get, ['MinEventPosition']);
    for (const command of [others.put, others.post, others.delete, others.patch]) {
      if (!command) continue;
      tellOf(command, ['MinEventPosition', 'Actor', 'CorrelationId']);
      for (const [status, answer] of Object.entries(command.responses)) {
        if (status.startsWith('2') && !('$ref' in answer!)) {
          answer!.headers = { ...answer!.headers, 'Event-Position': { $ref: '#/components/headers/EventPosition' } };
        }
      }
    }
  }
  return document;
}

/** Adds what holds for every route, and is no field of its own. */
function tellOf(operation: OperationObject, parameters: readonly (keyof typeof PARAMETERS)[]): void {
  operation.responses.default ??= { $ref: '#/components/responses/Problem' };
  const references = parameters.map((name) => ({ $ref: `#/components/parameters/${name}` }));
  operation.parameters = [...(operation.parameters ?? []), ...references];
}

const PARAMETERS = {
  MinEventPosition: {
    name: 'Min-Event-Position',
    in: 'header',
    description:
      'The `Event-Position` of an earlier answer: this one shows everything up to it, or is 503 `reactions-behind` after 5 s',
    schema: { type: 'integer', minimum: 0 },
  },
  Actor: {
    name: 'X-Actor',
    in: 'header',
    description: 'In whose name it is done; in the log with every event',
    schema: { type: 'string', pattern: '^[\\w.:@+-]{1,100}$', default: 'anonymous' },
  },
  CorrelationId: {
    name: 'X-Correlation-Id',
    in: 'header',
    description: 'What all that follows from it bears in the log; made up where it is missing or malformed',
    schema: { type: 'string', pattern: '^[\\w.:-]{1,64}$' },
  },
} as const;

const HEADERS = {
  EventPosition: {
    description:
      'The place in the log that what was done has reached, for `Min-Event-Position`. Missing where nothing was',
    schema: { type: 'integer' },
  },
} as const;

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
