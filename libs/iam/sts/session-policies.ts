import { ServiceError } from '@hearth/kernel';
import { documentSize } from '../api/quotas.js';
import { validationError } from '../api/errors.js';
import { assertPolicyArn } from '../api/identity-input.js';
import { findPolicy } from '../store/managed-policies.js';
import type { NewSession } from '../store/sessions.js';
import type { Tag } from '../store/tag.js';
import type { StsParts } from './parts.js';

export interface SessionPolicyInput {
  Policy?: string;
  PolicyArns?: { arn?: string }[];
}

type SessionPolicies = Pick<NewSession, 'sessionPolicy' | 'sessionPolicyArns'>;

const MAX_ARNS = 10;
/** Characters of policy, ARNs and tags together; AWS packs them into a binary form with a limit that it does not publish. */
const MAX_PACKED = 8_192;
const MAX_POLICY = 2_048;

/**
 * What the session is limited to beside its role's policies.
 * @throws ServiceError MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError
 */
export async function sessionPolicies(
  { database, documents }: StsParts,
  { Policy, PolicyArns = [] }: SessionPolicyInput,
  accountId: string,
): Promise<SessionPolicies> {
  if (Policy !== undefined) {
    documents.checkIdentityPolicy(Policy);
    if (documentSize(Policy) > MAX_POLICY) throw tooLarge(Math.ceil((documentSize(Policy) / MAX_POLICY) * 100));
  }
  if (PolicyArns.length > MAX_ARNS) throw validationError(`The number of session policies exceeds the limit of ${MAX_ARNS}.`);
  const arns = PolicyArns.map(({ arn }) => arn ?? '');
  for (const arn of arns) {
    assertPolicyArn(arn);
    if ((await findPolicy(database.pool, accountId, arn)) === undefined)
      throw validationError(`Policy ${arn} does not exist or is not attachable.`);
  }
  return { sessionPolicy: Policy, sessionPolicyArns: arns };
}

/**
 * Share of the room for policies and tags, in percent; undefined when neither was given.
 * @throws ServiceError PackedPolicyTooLarge
 */
export function packedSize({ sessionPolicy, sessionPolicyArns = [] }: SessionPolicies, tags: Tag[]): number | undefined {
  const size =
    documentSize(sessionPolicy ?? '') +
    sessionPolicyArns.join('').length +
    tags.reduce((sum, { Key, Value }) => sum + Key.length + Value.length, 0);
  if (size === 0) return undefined;
  const percent = Math.ceil((size / MAX_PACKED) * 100);
  if (percent > 100) throw tooLarge(percent);
  return percent;
}

function tooLarge(percent: number): ServiceError {
  return new ServiceError(
    'PackedPolicyTooLarge',
    400,
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  );
}
