import type { WireRequest } from '../aws-service.js';
import { parseQuery } from '../rest-json/request-target.js';
import { shapeOf, type ServiceModel } from '../rest-json/service-model.js';

/**
 * Writes an input as a client of the service's protocol does.
 * @returns undefined for what the protocol cannot carry: a structure without members among form parameters
 */
export function encodeRequest(model: ServiceModel, operation: string, input: Record<string, unknown>): WireRequest | undefined {
  if (model.metadata.protocol === 'query') return queryRequest(model, operation, input);
  if (model.metadata.protocol === 'json') return jsonRequest(model, operation, input);
  return restRequest(model, operation, input);
}

function queryRequest(model: ServiceModel, operation: string, input: Record<string, unknown>): WireRequest | undefined {
  const pairs: [string, string][] = [['Action', operation], ['Version', model.metadata.apiVersion]];
  let carried = true;
  const write = (shapeName: string, prefix: string, value: unknown): void => {
    const shape = shapeOf(model, shapeName);
    const under = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
    if (shape.type === 'structure') {
      if (prefix !== '' && Object.keys(value as object).length === 0) carried = false;
      for (const [name, member] of Object.entries(shape.members ?? {})) {
        const given = (value as Record<string, unknown>)[name];
        if (given !== undefined) write(member.shape, under(member.locationName ?? name), given);
      }
    } else if (shape.type === 'list') {
      const items = value as unknown[];
      if (items.length === 0) pairs.push([prefix, '']);
      items.forEach((item, index) => write(shape.member!.shape, under(`${shape.flattened ? '' : `${shape.member!.locationName ?? 'member'}.`}${index + 1}`), item));
    } else if (shape.type === 'map') {
      Object.entries(value as Record<string, unknown>).forEach(([key, item], index) => {
        pairs.push([under(`entry.${index + 1}.key`), key]);
        write(shape.value!.shape, under(`entry.${index + 1}.value`), item);
      });
    } else pairs.push([prefix, text(value)]);
  };
  const shapeName = model.operations[operation]!.input?.shape;
  if (shapeName !== undefined) write(shapeName, '', input);
  if (!carried) return undefined;
  return { method: 'POST', rawPath: '/', query: new Map(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from(new URLSearchParams(pairs).toString()) };
}

function jsonRequest(model: ServiceModel, operation: string, input: Record<string, unknown>): WireRequest {
  const headers = { 'x-amz-target': `${model.metadata.targetPrefix}.${operation}` };
  return { method: 'POST', rawPath: '/', query: new Map(), headers, body: Buffer.from(JSON.stringify(jsonValue(input))) };
}

function restRequest(model: ServiceModel, operation: string, input: Record<string, unknown>): WireRequest {
  const { http, input: inputRef } = model.operations[operation]!;
  const [path, fixedQuery = ''] = http.requestUri.split('?') as [string, string?];
  const shape = inputRef === undefined ? undefined : shapeOf(model, inputRef.shape);
  let rawPath = path;
  const query = fixedQuery === '' ? [] : [fixedQuery];
  const headers: Record<string, string> = {};
  const body: Record<string, unknown> = {};
  let payload: Buffer | undefined;
  for (const [name, value] of Object.entries(input)) {
    const member = shape!.members![name]!;
    const wireName = member.locationName ?? name;
    if (member.location === 'uri') rawPath = rawPath.replace(new RegExp(`\\{${wireName}\\+?\\}`), encodeURIComponent(text(value)));
    else if (member.location === 'querystring') query.push(...[value].flat().map((item) => `${encodeURIComponent(wireName)}=${encodeURIComponent(text(item))}`));
    else if (member.location === 'header') headers[wireName.toLowerCase()] = text(value);
    else if (shape!.payload === name) payload = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(jsonValue(value)));
    else body[wireName] = jsonValue(value);
  }
  return { method: http.method, rawPath, query: parseQuery(query.join('&'))!, headers, body: payload ?? Buffer.from(JSON.stringify(body)) };
}

function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return Buffer.isBuffer(value) ? value.toString('base64') : String(value);
}

function jsonValue(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(item)]));
  return value;
}
