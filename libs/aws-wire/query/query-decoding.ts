import { ServiceError } from '@hearth/kernel';
import { shapeOf, type ServiceModel, type Shape } from '../rest-json/service-model.js';
import type { ParameterNode } from './parameter-tree.js';

/**
 * Reads parameters into an operation's input shape, AWS query protocol: `Member`, `List.member.1`, `Map.entry.1.key`.
 * Unknown parameters are ignored.
 * @throws ServiceError MalformedInput
 */
export function decodeParameters(model: ServiceModel, shapeName: string, node: ParameterNode): Record<string, unknown> {
  return structure(model, shapeOf(model, shapeName), node);
}

function structure(model: ServiceModel, shape: Shape, node: ParameterNode): Record<string, unknown> {
  const output: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const child = node.children.get(member.locationName ?? name);
    if (child === undefined) continue;
    const value = decode(model, member.shape, child);
    if (value !== undefined) output[name] = value;
  }
  return output;
}

function decode(model: ServiceModel, shapeName: string, node: ParameterNode): unknown {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'structure':
      return structure(model, shape, node);
    case 'list':
      return numbered(shape.flattened ? node : node.children.get(shape.member!.locationName ?? 'member')).map((item) => decode(model, shape.member!.shape, item));
    case 'map':
      return Object.fromEntries(
        numbered(shape.flattened ? node : node.children.get('entry')).map((entry) => [
          entry.children.get(shape.key!.locationName ?? 'key')?.value ?? '',
          decode(model, shape.value!.shape, entry.children.get(shape.value!.locationName ?? 'value') ?? { children: new Map() }),
        ]),
      );
    default:
      return node.value === undefined ? undefined : scalar(shape, node.value);
  }
}

/** Elements in the order of their numbers; gaps are closed. */
function numbered(node: ParameterNode | undefined): ParameterNode[] {
  if (node === undefined) return [];
  return [...node.children]
    .filter(([index]) => /^\d{1,6}$/.test(index))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item);
}

function scalar(shape: Shape, text: string): unknown {
  switch (shape.type) {
    case 'integer':
    case 'long':
      if (!/^[+-]?\d{1,15}$/.test(text)) throw malformed(`${text} is not a valid number`);
      return Number(text);
    case 'float':
    case 'double':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw malformed(`${text} is not a valid number`);
      return Number(text);
    case 'boolean':
      if (!/^(true|false)$/i.test(text)) throw malformed(`${text} is not a valid boolean`);
      return text.toLowerCase() === 'true';
    case 'timestamp': {
      const date = new Date(text);
      if (Number.isNaN(date.getTime())) throw malformed(`${text} is not a valid timestamp`);
      return date;
    }
    case 'blob':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

function malformed(message: string): ServiceError {
  return new ServiceError('MalformedInput', 400, message);
}
