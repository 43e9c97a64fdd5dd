import { invalidParameter } from '@hearth/catalogue';
import type { Cors } from './function-url.js';

const METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'PATCH', 'DELETE', '*'];
/** Goes into headers as it is. */
const HEADER_TEXT = /^[\x21-\x7e]+$/;
const ORIGIN = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#]+)$/i;

/**
 * Checks what the model leaves open.
 * @returns undefined for settings that allow nothing, which is the same as none
 * @throws ServiceError InvalidParameterValueException
 */
export function corsOf(given: Cors): Cors | undefined {
  for (const method of given.AllowMethods ?? []) if (!METHODS.includes(method)) throw invalidParameter(`Cors: '${method}' in AllowMethods must be one of ${METHODS.join(', ')}.`);
  for (const origin of given.AllowOrigins ?? []) if (!ORIGIN.test(origin)) throw invalidParameter(`Cors: '${origin}' in AllowOrigins must be * or have the form SCHEME://HOST[:PORT].`);
  for (const member of ['AllowHeaders', 'ExposeHeaders'] as const) {
    for (const name of given[member] ?? []) if (!HEADER_TEXT.test(name)) throw invalidParameter(`Cors: '${name}' in ${member} is not the name of a header.`);
  }
  return Object.keys(given).length === 0 ? undefined : given;
}
