import type { OperationModel, ServiceModel, Shape } from '@hearth/aws-wire';
import { defined, SchemaBook, type Schema } from './openapi-schemas.js';

export interface OpenApiOperation {
  operationId: string;
  tags: string[];
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
  components: { schemas: Record<string, Schema>; securitySchemes: Schema };
}

const PLACES: Record<string, string> = { uri: 'path', querystring: 'query', header: 'header' };

/**
 * OpenAPI 3.1 of a rest-json service, from its published model. Operations that share a path and differ in a fixed parameter keep it in
 * their path (`?List=ALL`), because OpenAPI knows one operation per path and method.
 */
export function openApiDocument(model: ServiceModel, options: { title: string; server: string; region: string; implemented: ReadonlySet<string> }): OpenApiDocument {
  const book = new SchemaBook(model);
  const paths: OpenApiDocument['paths'] = {};
  for (const operation of Object.values(model.operations)) {
    const methods = (paths[operation.http.requestUri] ??= {});
    methods[operation.http.method.toLowerCase()] = describe(book, operation, options.implemented.has(operation.name));
  }
  const service = model.metadata.signingName ?? model.metadata.endpointPrefix;
  return {
    openapi: '3.1.0',
    info: { title: options.title, version: model.metadata.apiVersion, description: `Generated from the published service model (${model.source}). Requests are signed with Signature Version 4, region ${options.region}, service ${service}.` },
    servers: [{ url: options.server }],
    security: [{ sigv4: [] }],
    paths,
    components: {
      schemas: book.schemas,
      securitySchemes: { sigv4: { type: 'apiKey', in: 'header', name: 'Authorization', description: `AWS Signature Version 4; with curl: --aws-sigv4 "aws:amz:${options.region}:${service}"`, 'x-amazon-apigateway-authtype': 'awsSigv4' } },
    },
  };
}

function describe(book: SchemaBook, operation: OperationModel, implemented: boolean): OpenApiOperation {
  const input = operation.input === undefined ? undefined : book.shape(operation.input.shape);
  const parameters = parametersOf(book, input);
  return {
    operationId: operation.name,
    tags: [operation.http.requestUri.split('/')[2]?.replace(/\?.*/, '') ?? 'other'],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(book, input),
    responses: responsesOf(book, operation),
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

function bodyOf(book: SchemaBook, shape: Shape | undefined): { requestBody?: Schema } {
  const content = contentOf(book, shape);
  const required = (shape?.required ?? []).some((name) => shape!.members![name]!.location === undefined);
  return content === undefined ? {} : { requestBody: { required, content } };
}

/** @returns undefined for messages without a body */
function contentOf(book: SchemaBook, shape: Shape | undefined): Schema | undefined {
  if (shape?.payload !== undefined) {
    const member = shape.members![shape.payload]!;
    const payload = book.shape(member.shape);
    if (payload.eventstream) return { 'application/vnd.amazon.eventstream': {} };
    return payload.type === 'blob' ? { 'application/json': {} } : { 'application/json': { schema: book.refer(member.shape) } };
  }
  const members = Object.entries(shape?.members ?? {}).filter(([, member]) => member.location === undefined);
  if (members.length === 0) return undefined;
  const required = (shape!.required ?? []).filter((name) => members.some(([member]) => member === name));
  return { 'application/json': { schema: book.object(Object.fromEntries(members.map(([name, member]) => [member.locationName ?? name, member.shape])), required) } };
}

function responsesOf(book: SchemaBook, operation: OperationModel): Record<string, Schema> {
  const output = operation.output === undefined ? undefined : book.shape(operation.output.shape);
  const headers = Object.entries(output?.members ?? {}).flatMap(([name, member]) => (member.location === 'header' ? [[member.locationName ?? name, { schema: book.parameter(member.shape) }]] : []));
  const responses: Record<string, Schema> = {
    [operation.http.responseCode ?? 200]: defined({ description: 'Done.', content: contentOf(book, output), headers: headers.length > 0 ? Object.fromEntries(headers) : undefined }),
  };
  const byStatus = Map.groupBy(operation.errors ?? [], ({ shape }) => book.shape(shape).error?.httpStatusCode ?? (/^(Service|.*Internal)/.test(shape) ? 500 : 400));
  for (const [status, errors] of [...byStatus].sort(([a], [b]) => a - b)) {
    const schemas = errors.map(({ shape }) => book.refer(shape));
    responses[status] = {
      description: errors.map(({ shape }) => shape).join(', '),
      headers: { 'x-amzn-ErrorType': { schema: { type: 'string' } } },
      content: { 'application/json': { schema: schemas.length === 1 ? schemas[0] : { anyOf: schemas } } },
    };
  }
  return responses;
}
