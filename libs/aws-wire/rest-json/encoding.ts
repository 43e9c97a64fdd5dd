import { shapeOf, type Member, type OperationModel, type ServiceModel, type Shape } from './service-model.js';

/** An answer ready for the socket. */
export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

const EMPTY = new Uint8Array(0);
export const JSON_TYPE = 'application/json';

/** Writes an operation's output. Members without value are omitted, never `null` (spec/lambda-api.md 1). */
export function encodeOutput(model: ServiceModel, operation: OperationModel, output: Record<string, unknown>): WireResponse {
  const response: WireResponse = { status: operation.http.responseCode ?? 200, headers: {}, body: EMPTY };
  const shape = operation.output === undefined ? undefined : shapeOf(model, operation.output.shape);
  const members = Object.entries(shape?.members ?? {});
  for (const [name, member] of members) {
    const value = output[name];
    if (value === undefined || value === null) continue;
    if (member.location === 'statusCode') response.status = value as number;
    else if (member.location === 'header') response.headers[member.locationName ?? name] = headerText(value);
  }
  if (shape === undefined || response.status === 204) return response;
  if (shape.payload !== undefined) {
    const payload = output[shape.payload];
    if (payload !== undefined && payload !== null) response.body = encodePayload(model, shape.members![shape.payload]!, payload);
    response.headers['Content-Type'] ??= JSON_TYPE;
    return response;
  }
  if (members.length > 0 && members.every(([, member]) => member.location !== undefined)) return response;
  response.headers['Content-Type'] = JSON_TYPE;
  response.body = Buffer.from(JSON.stringify(encodeStructure(model, shape, output)));
  return response;
}

function encodePayload(model: ServiceModel, member: Member, value: unknown): Uint8Array {
  const shape = shapeOf(model, member.shape);
  if (shape.type === 'blob') return value as Uint8Array;
  if (shape.type === 'string') return Buffer.from(value as string);
  return Buffer.from(JSON.stringify(encodeJson(model, member.shape, value)));
}

export function encodeStructure(model: ServiceModel, shape: Shape, value: Record<string, unknown>): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const given = value[name];
    if (member.location === undefined && given !== undefined && given !== null) encoded[member.locationName ?? name] = encodeJson(model, member.shape, given);
  }
  return encoded;
}

function encodeJson(model: ServiceModel, shapeName: string, value: unknown): unknown {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'structure':
      return encodeStructure(model, shape, value as Record<string, unknown>);
    case 'list':
      return (value as unknown[]).map((item) => encodeJson(model, shape.member!.shape, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Record<string, unknown>)
          .filter(([, item]) => item !== undefined && item !== null)
          .map(([key, item]) => [key, encodeJson(model, shape.value!.shape, item)]),
      );
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'timestamp':
      return value instanceof Date ? value.getTime() / 1000 : value;
    case 'string':
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
    case 'boolean':
      return value;
  }
}

function headerText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);
}
