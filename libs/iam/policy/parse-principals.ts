import { malformed } from './malformed.js';
import type { PrincipalElement } from './principal-element.js';

const ACCOUNT = /^\d{12}$/;
const UNIQUE_ID = /^(?:AROA|AIDA)[A-Z0-9]{12,}$/;
/** No wildcards: a principal is named whole, or everybody is. */
const PRINCIPAL_ARN =
  /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|user\/[^*?\s]+|role\/[^*?\s]+)|sts::\d{12}:(?:assumed-role\/[^*?/\s]+\/[^*?/\s]+|federated-user\/[^*?\s]+))$/;
const TYPES = ['AWS', 'Service', 'Federated', 'CanonicalUser'];

/**
 * `"*"` or `{TYPE: value or values}` (spec/iam-and-sts.md 3).
 * @throws ServiceError MalformedPolicyDocument
 */
export function parsePrincipals(given: unknown): PrincipalElement {
  if (given === '*') return { everybody: true, aws: new Set(), services: new Set(), federated: new Set() };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw malformed(`Invalid principal in policy: ${JSON.stringify(given)}`);
  const byType = new Map<string, string[]>();
  for (const [type, value] of Object.entries(given)) {
    const values: unknown[] = [value].flat();
    for (const one of values) {
      if (!TYPES.includes(type) || typeof one !== 'string' || one === '' || (type === 'AWS' && !isAwsPrincipal(one)))
        throw malformed(`Invalid principal in policy: ${JSON.stringify(type)}:${JSON.stringify(one)}`);
    }
    byType.set(type, values as string[]);
  }
  if ([...byType.values()].every((values) => values.length === 0)) throw malformed('Missing required field Principal');
  const aws = byType.get('AWS') ?? [];
  return {
    everybody: aws.includes('*'),
    aws: new Set(aws.map((one) => (ACCOUNT.test(one) ? `arn:aws:iam::${one}:root` : one))),
    services: new Set(byType.get('Service')),
    federated: new Set(byType.get('Federated')),
  };
}

function isAwsPrincipal(text: string): boolean {
  return text === '*' || ACCOUNT.test(text) || UNIQUE_ID.test(text) || PRINCIPAL_ARN.test(text);
}
