import type { OperationModel, ServiceModel, Shape } from '@hearth/aws-wire';
import { defined, SchemaBook, type Schema } from './openapi-schemas.js';

export interface OpenApiOperation {
  operationId: string;
  tags: string[];
  description?: string;
  parameters?: Schema[];
  requestBody?: Schema;
  responses: Record<string, Schema>;
  /** False: answers 501 and names itself. */
  'x-hearth-implemented': boolean;
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: Schema;
  servers: Schema[];
  security: Schema[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Schema>; securitySchemes: Schema };
}

export interface OpenApiOptions {
  title: string;
  server: string;
  region: string;
  /** Names of the operations that do not answer 501. */
  implemented: ReadonlySet<string>;
}

const PLACES: Record<string, string> = { uri: 'path', querystring: 'query', header: 'header' };
const ERROR_TYPE_HEADER = { 'x-amzn-ErrorType': { schema: { type: 'string' }, description: 'Code of the error.' } };

/** The model knows one status of success an operation; these tell theirs by a member of the answer (spec/lambda-api.md 4.1 and 4.2). */
const STATUSES: Record<string, Record<string, string>> = {
  Invoke: { 200: 'Done.', 202: 'Accepted: X-Amz-Invocation-Type was Event.', 204: 'Allowed and valid: X-Amz-Invocation-Type was DryRun.' },
  DeleteFunction: { 204: 'Done.' },
};
/** Payloads that are JSON though the model calls them bytes. */
const JSON_PAYLOADS = new Set(['Invoke', 'InvokeAsync', 'InvokeWithResponseStream']);

/**
 * OpenAPI 3.1 of a rest-json service, from its published model. Operations that share a path and differ in a fixed parameter keep it in
 * their path (`?List=ALL`), because OpenAPI knows one operation per path and method.
 */
export function openApiDocument(model: ServiceModel, options: OpenApiOptions): OpenApiDocument {
  const book = new SchemaBook(model);
  const paths: OpenApiDocument['paths'] = {};
  for (const operation of Object.values(model.operations)) {
    const methods = (paths[operation.http.requestUri] ??= {});
    methods[operation.http.method.toLowerCase()] = describe(book, operation, options.implemented.has(operation.name));
  }
  const service = model.metadata.signingName ?? model.metadata.endpointPrefix;
  return {
    openapi: '3.1.0',
    info: {
      title: options.title,
      version: model.metadata.apiVersion,
      description: `Generated from the published service model (${model.source}). Requests are signed with Signature Version 4, region ${options.region}, service ${service}.`,
    },
    servers: [{ url: options.server }],
    security: [{ sigv4: [] }],
    paths,
    components: {
      schemas: book.schemas,
      responses: COMMON_RESPONSES,
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: `AWS Signature Version 4; with curl: --aws-sigv4 "aws:amz:${options.region}:${service}"`,
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
  };
}

const ERROR_BODY = { 'application/json': { schema: { type: 'object', properties: { message: { type: 'string' }, Message: { type: 'string' }, Type: { type: 'string' } } } } };

/** Of every operation; the models leave them out. */
const COMMON_RESPONSES: Record<string, Schema> = {
  Error: {
    description:
      'Any operation: 400 ValidationException or SerializationException (malformed request), 403 MissingAuthenticationTokenException, UnrecognizedClientException, InvalidSignatureException (signature) or AccessDeniedException (policies), 413 RequestEntityTooLargeException, 500 ServiceException.',
    headers: ERROR_TYPE_HEADER,
    content: ERROR_BODY,
  },
  NotImplemented: { description: 'NotImplementedException: Hearth does not do this yet.', headers: ERROR_TYPE_HEADER, content: ERROR_BODY },
};

function describe(book: SchemaBook, operation: OperationModel, implemented: boolean): OpenApiOperation {
  const input = operation.input === undefined ? undefined : book.shape(operation.input.shape);
  const parameters = parametersOf(book, input);
  return {
    operationId: operation.name,
    tags: [operation.http.requestUri.split('/')[2]?.replace(/\?.*/, '') ?? 'other'],
    ...(implemented ? {} : { description: 'Not implemented yet: answers 501.' }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(book, operation.name, input),
    responses: {
      ...responsesOf(book, operation),
      ...(implemented ? {} : { 501: { $ref: '#/components/responses/NotImplemented' } }),
      default: { $ref: '#/components/responses/Error' },
    },
    'x-hearth-implemented': implemented,
  };
}

function parametersOf(book: SchemaBook, input: Shape | undefined): Schema[] {
  return Object.entries(input?.members ?? {}).flatMap(([name, member]) => {
    const place = PLACES[member.location ?? ''];
    if (place === undefined) return [];
    return [{ name: member.locationName ?? name, in: place, required: place === 'path' || (input!.required ?? []).includes(name), schema: book.parameter(member.shape) }];
  });
}

function bodyOf(book: SchemaBook, operation: string, shape: Shape | undefined): { requestBody?: Schema } {
  const content = contentOf(book, operation, shape);
  const required = (shape?.required ?? []).some((name) => shape!.members![name]!.location === undefined);
  return content === undefined ? {} : { requestBody: { required, content } };
}

/** @returns undefined for messages without a body */
function contentOf(book: SchemaBook, operation: string, shape: Shape | undefined): Schema | undefined {
  if (shape?.payload !== undefined) {
    const member = shape.members![shape.payload]!;
    const payload = book.shape(member.shape);
    if (payload.eventstream) return { 'application/vnd.amazon.eventstream': {} };
    // Bytes as they are: the absence of a schema says so in OpenAPI 3.1.
    if (payload.type === 'blob') return { [JSON_PAYLOADS.has(operation) ? 'application/json' : 'application/octet-stream']: {} };
    return { 'application/json': { schema: book.refer(member.shape) } };
  }
  const members = Object.entries(shape?.members ?? {}).filter(([, member]) => member.location === undefined);
  return members.length === 0 ? undefined : { 'application/json': { schema: book.object(Object.fromEntries(members), shape!.required ?? []) } };
}

function responsesOf(book: SchemaBook, operation: OperationModel): Record<string, Schema> {
  const output = operation.output === undefined ? undefined : book.shape(operation.output.shape);
  const usual = operation.http.responseCode ?? 200;
  const responses: Record<string, Schema> = {};
  for (const [status, description] of Object.entries(STATUSES[operation.name] ?? { [usual]: 'Done.' })) {
    responses[status] = Number(status) === usual ? defined({ description, content: contentOf(book, operation.name, output), headers: headersOf(book, output) }) : { description };
  }
  const byStatus = Map.groupBy(operation.errors ?? [], ({ shape }) => book.shape(shape).error?.httpStatusCode ?? 400);
  for (const [status, errors] of [...byStatus].sort(([a], [b]) => a - b)) {
    const schemas = errors.map(({ shape }) => book.refer(shape));
    responses[status] = {
      description: errors.map(({ shape }) => shape).join(', '),
      headers: { ...ERROR_TYPE_HEADER, ...Object.assign({}, ...errors.map(({ shape }) => headersOf(book, book.shape(shape)))) as Schema },
      content: { 'application/json': { schema: schemas.length === 1 ? schemas[0] : { anyOf: schemas } } },
    };
  }
  return responses;
}

function headersOf(book: SchemaBook, shape: Shape | undefined): Schema | undefined {
  const headers = Object.entries(shape?.members ?? {}).flatMap(([name, member]) => (member.location === 'header' ? [[member.locationName ?? name, { schema: book.parameter(member.shape) }]] : []));
  return headers.length > 0 ? (Object.fromEntries(headers) as Schema) : undefined;
}
