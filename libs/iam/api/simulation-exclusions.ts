import { matchesWildcards } from '../policy/index.js';
import type { PolicySource } from '../store/principal-policies.js';
import { invalidInput } from './errors.js';

/** Exactly one member names policies that are left out of a simulation. */
export interface PolicyIdentifier {
  PolicyType?: string;
  PolicyArn?: string;
  InlinePolicyIdentifier?: { PolicyName: string; AttachmentType: string; AttachmentName: string };
}

const POLICY_ARN = /^arn:aws:iam::(?:\d{12}|aws):policy\/(?:[^*?\s]+\/)?[^/\s]+$/;

/** @throws ServiceError InvalidInput */
export function checkExclusions(exclusions: readonly PolicyIdentifier[]): void {
  for (const identifier of exclusions) {
    const { PolicyArn: arn, InlinePolicyIdentifier: inline } = identifier;
    const named = [identifier.PolicyType, arn, inline].filter((member) => member !== undefined);
    if (named.length !== 1) throw invalidInput('Specify exactly one of PolicyType, PolicyArn, or InlinePolicyIdentifier.');
    if (arn !== undefined && (!POLICY_ARN.test(arn) || stars(arn) > 1)) throw invalidInput(`Invalid policy identifier: ${arn}`);
    if (inline !== undefined && stars(inline.AttachmentName) > 1)
      throw invalidInput(`Invalid policy identifier: ${inline.AttachmentName}`);
  }
}

/** Identifiers that match nothing (a policy that is not attached, policies of organisations) exclude nothing. */
export function isExcluded(exclusions: readonly PolicyIdentifier[], source: PolicySource): boolean {
  const inline = source.owner !== undefined;
  return exclusions.some(({ PolicyType: type, PolicyArn: arn, InlinePolicyIdentifier: named }) => {
    if (type !== undefined) return type === (inline ? 'inline' : source.type);
    if (arn !== undefined) return !inline && matchesWildcards(arn, source.id);
    return (
      inline &&
      named!.PolicyName === source.id &&
      named!.AttachmentType.toLowerCase() === source.type &&
      matchesWildcards(named!.AttachmentName, source.owner!)
    );
  });
}

export function excludesBoundary(exclusions: readonly PolicyIdentifier[]): boolean {
  return exclusions.some(({ PolicyType }) => PolicyType === 'permission-boundary');
}

function stars(text: string): number {
  return text.split('*').length - 1;
}
