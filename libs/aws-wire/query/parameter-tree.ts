import { isUtf8 } from 'node:buffer';
import { ServiceError } from '@hearth/kernel';

/** `Tags.member.1.Key=a` as a tree; a node may have a value as well as children. */
export interface ParameterNode {
  value?: string;
  children: Map<string, ParameterNode>;
}

/** More than any operation of a query service needs. */
const MAX_PARAMETERS = 20_000;
const MAX_DEPTH = 32;

/** @throws ServiceError MalformedQueryString */
export function parameterTree(sources: readonly string[]): ParameterNode {
  const root: ParameterNode = { children: new Map() };
  let count = 0;
  for (const source of sources) {
    for (const pair of source.split('&')) {
      if (pair === '') continue;
      if (++count > MAX_PARAMETERS) throw malformed('The request has too many parameters.');
      const equals = pair.indexOf('=');
      const path = decode(equals < 0 ? pair : pair.slice(0, equals)).split('.');
      if (path.length > MAX_DEPTH) throw malformed('A parameter is nested too deeply.');
      let node = root;
      for (const part of path) {
        let child = node.children.get(part);
        if (child === undefined) node.children.set(part, (child = { children: new Map() }));
        node = child;
      }
      node.value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    }
  }
  return root;
}

/** @throws ServiceError */
export function formText(body: Buffer): string {
  if (!isUtf8(body)) throw malformed('The request body is not UTF-8.');
  return body.toString('utf8');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw new ServiceError('MalformedQueryString', 400, 'The query string contains a syntax error.', { cause: error });
  }
}

function malformed(message: string): ServiceError {
  return new ServiceError('MalformedQueryString', 400, message);
}
