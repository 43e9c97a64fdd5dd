import { isUtf8 } from 'node:buffer';
import { ServiceError } from '@hearth/kernel';
import { shapeOf, type Member, type OperationModel, type ServiceModel, type Shape } from './service-model.js';
import type { QueryParameters } from './request-target.js';

/** What a request carries beside its method and path. */
export interface RequestParts {
  labels: Readonly<Record<string, string>>;
  query: QueryParameters;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
}

/** Reads labels, query, headers and body into the members of the operation's input shape. Unknown members are ignored. */
export function decodeInput(model: ServiceModel, operation: OperationModel, parts: RequestParts): Record<string, unknown> {
  if (operation.input === undefined) return {};
  const shape = shapeOf(model, operation.input.shape);
  const input: Record<string, unknown> = {};
  let hasBodyMembers = false;
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const text = textOf(name, member, parts);
    if (member.location === undefined) hasBodyMembers ||= shape.payload === undefined;
    else if (text !== undefined) input[name] = decodeText(model, member, text, name);
  }
  if (shape.payload !== undefined) {
    const payload = decodePayload(model, shape.members![shape.payload]!, parts.body);
    if (payload !== undefined) input[shape.payload] = payload;
  } else if (hasBodyMembers) {
    const members = Object.fromEntries(Object.entries(shape.members!).filter(([, member]) => member.location === undefined));
    Object.assign(input, decodeStructure(model, { ...shape, members }, parseJson(parts.body)));
  }
  return input;
}

function textOf(name: string, member: Member, parts: RequestParts): string | readonly string[] | undefined {
  const wireName = member.locationName ?? name;
  switch (member.location) {
    case 'uri':
      return parts.labels[wireName];
    case 'querystring':
      return parts.query.get(wireName);
    case 'header': {
      const value = parts.headers[wireName.toLowerCase()];
      return Array.isArray(value) ? value.join(',') : value;
    }
    case 'headers':
    case 'statusCode':
    case undefined:
      return undefined;
  }
}

/** Members outside the body arrive as text. */
function decodeText(model: ServiceModel, member: Member, text: string | readonly string[], name: string): unknown {
  const shape = shapeOf(model, member.shape);
  if (shape.type === 'list') return (typeof text === 'string' ? [text] : text).map((item) => decodeText(model, shape.member!, item, name));
  const first = typeof text === 'string' ? text : text[0]!;
  switch (shape.type) {
    case 'string':
      return first;
    case 'integer':
    case 'long':
      if (!/^[+-]?\d{1,15}$/.test(first)) throw serialization(`STRING_VALUE can not be converted to ${shape.type === 'long' ? 'a Long' : 'an Integer'}`);
      return Number(first);
    case 'float':
    case 'double':
      if (first.trim() === '' || !Number.isFinite(Number(first))) throw serialization('STRING_VALUE can not be converted to a Double');
      return Number(first);
    case 'boolean':
      if (!/^(true|false)$/i.test(first)) throw serialization('STRING_VALUE can not be converted to a Boolean');
      return first.toLowerCase() === 'true';
    case 'timestamp':
      return timestamp(first);
    case 'blob':
      return base64(first);
    case 'structure':
    case 'map':
      throw new Error(`The model puts ${shape.type} ${name} outside the body`);
  }
}

function decodePayload(model: ServiceModel, member: Member, body: Uint8Array): unknown {
  const shape = shapeOf(model, member.shape);
  if (shape.type === 'blob') return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (shape.type === 'string') return Buffer.from(body).toString('utf8');
  return body.byteLength === 0 ? undefined : decodeJson(model, member.shape, parseJson(body));
}

/** A body that holds the whole input as one JSON object. @throws ServiceError SerializationException */
export function decodeJsonBody(model: ServiceModel, shapeName: string, body: Uint8Array): Record<string, unknown> {
  return decodeStructure(model, shapeOf(model, shapeName), parseJson(body));
}

/** @throws ServiceError SerializationException */
function parseJson(body: Uint8Array): Record<string, unknown> {
  if (body.byteLength === 0) return {};
  let value: unknown;
  try {
    if (!isUtf8(body)) throw new SyntaxError('Invalid UTF-8');
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (error) {
    throw serialization(`Could not parse request body into json: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw serialization(`${kindOf(value)} can not be converted to a structure`);
  return value as Record<string, unknown>;
}

function decodeStructure(model: ServiceModel, shape: Shape, value: Record<string, unknown>): Record<string, unknown> {
  const output: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const wireName = member.locationName ?? name;
    const given = Object.hasOwn(value, wireName) ? value[wireName] : undefined;
    if (given !== undefined && given !== null) output[name] = decodeJson(model, member.shape, given);
  }
  return output;
}

function decodeJson(model: ServiceModel, shapeName: string, value: unknown): unknown {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'structure':
      return decodeStructure(model, shape, object(value));
    case 'list':
      if (!Array.isArray(value)) throw serialization(`${kindOf(value)} can not be converted to a list`);
      return value.filter((item) => item !== null).map((item) => decodeJson(model, shape.member!.shape, item));
    case 'map':
      // fromEntries defines own properties, also for the name `__proto__`.
      return Object.fromEntries(
        Object.entries(object(value))
          .filter(([, item]) => item !== null)
          .map(([key, item]) => [key, decodeJson(model, shape.value!.shape, item)]),
      );
    case 'string':
      if (typeof value !== 'string') throw serialization(`${kindOf(value)} can not be converted to a String`);
      return value;
    case 'integer':
    case 'long':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw serialization(`${kindOf(value)} can not be converted to ${shape.type === 'long' ? 'a Long' : 'an Integer'}`);
      return value;
    case 'float':
    case 'double':
      if (typeof value !== 'number') throw serialization(`${kindOf(value)} can not be converted to a Double`);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw serialization(`${kindOf(value)} can not be converted to a Boolean`);
      return value;
    case 'timestamp':
      return typeof value === 'number' ? new Date(value * 1000) : timestamp(typeof value === 'string' ? value : '');
    case 'blob':
      if (typeof value !== 'string') throw serialization(`${kindOf(value)} can not be converted to a Blob`);
      return base64(value);
  }
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw serialization(`${kindOf(value)} can not be converted to a structure`);
  return value as Record<string, unknown>;
}

/** ISO-8601 or seconds since the epoch. */
function timestamp(text: string): Date {
  const date = /^-?\d+(\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : new Date(text);
  if (text === '' || Number.isNaN(date.getTime())) throw serialization('STRING_VALUE can not be converted to a Timestamp');
  return date;
}

function base64(text: string): Buffer {
  // Buffer skips what is not base64; a damaged upload must be refused instead. The length tells: no regular expression over 70 MB.
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0 || bytes.length !== (text.length / 4) * 3 - padding) throw serialization('STRING_VALUE can not be converted to a Blob');
  return bytes;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'START_ARRAY';
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return 'START_OBJECT';
}

function serialization(message: string, cause?: unknown): ServiceError {
  return new ServiceError('SerializationException', 400, message, { fault: null, messageMember: 'message', cause });
}
