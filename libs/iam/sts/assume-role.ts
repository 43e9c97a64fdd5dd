import type { OperationHandler } from '@hearth/aws-wire';
import { ServiceError } from '@hearth/kernel';
import type { CallerContext } from '../api/parts.js';
import { unsupportedMember, validationError } from '../api/errors.js';
import type { PrincipalPolicies } from '../store/principal-policies.js';
import type { Tag } from '../store/tag.js';
import type { StsParts } from './parts.js';
import { findRole, sessionArn } from './roles.js';
import { packedSize, sessionPolicies, type SessionPolicyInput } from './session-policies.js';
import { sessionTags } from './session-tags.js';
import { credentialsAnswer, issueTemporaryKey } from './temporary-key.js';
import { mayAssume } from './trust.js';

export interface AssumeRoleInput extends SessionPolicyInput {
  RoleArn: string;
  RoleSessionName: string;
  DurationSeconds?: number;
  ExternalId?: string;
  Tags?: Tag[];
  TransitiveTagKeys?: string[];
  SourceIdentity?: string;
  SerialNumber?: string;
  TokenCode?: string;
  ProvidedContexts?: unknown[];
  MinimumSessionTokenSize?: number;
}

const DEFAULT_SECONDS = 3_600;
const MIN_SECONDS = 900;
/** A session that came from another session lives an hour at most (spec/iam-and-sts.md 5). */
const CHAINED_SECONDS = 3_600;
const UNSUPPORTED = ['SerialNumber', 'TokenCode', 'ProvidedContexts', 'MinimumSessionTokenSize'] as const;

/** AssumeRole authorises itself: the trust policy decides together with the caller's policies. */
export function assumeRole(parts: StsParts): OperationHandler {
  const { database, keyStore, principals, clock } = parts;
  return async (input: AssumeRoleInput, context: CallerContext) => {
    for (const member of UNSUPPORTED) if (input[member] !== undefined) throw unsupportedMember('AssumeRole', member);
    const caller = await principals.load(context);
    const role = await findRole(database.pool, input.RoleArn);
    if (caller === undefined || role === undefined) throw denied(context.principalArn, 'sts:AssumeRole', input.RoleArn);

    const tags = sessionTags(caller, input);
    const sourceIdentity = inheritedSourceIdentity(caller, input.SourceIdentity);
    const conditionKeys = requestKeys(input, tags.all, role.tags, context);
    const actions = [
      'sts:AssumeRole',
      ...(tags.all.length > 0 ? ['sts:TagSession'] : []),
      ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
    ];
    for (const action of actions) {
      const assumption = {
        caller,
        action,
        roleArn: role.arn,
        roleAccountId: role.accountId,
        trustPolicy: role.trustPolicy,
        context: conditionKeys,
      };
      if (!mayAssume(assumption)) throw denied(caller.arn, action, role.arn);
    }

    const seconds = duration(input.DurationSeconds, role.maxSessionSeconds, caller);
    const policies = await sessionPolicies(parts, input, role.accountId);
    const packed = packedSize(policies, tags.all);
    const arn = sessionArn(role, input.RoleSessionName);
    const credentials = await issueTemporaryKey(keyStore, {
      accountId: role.accountId,
      principalArn: arn,
      identityId: role.id,
      expiration: wholeSeconds(clock.now() + seconds * 1000),
      session: {
        kind: 'assumed-role',
        sessionName: input.RoleSessionName,
        sourceIdentity,
        ...policies,
        tags: tags.all,
        transitiveTagKeys: tags.transitive,
      },
    });
    if (credentials === undefined) throw denied(caller.arn, 'sts:AssumeRole', role.arn);
    return {
      Credentials: credentialsAnswer(credentials),
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${input.RoleSessionName}`, Arn: arn },
      ...(packed === undefined ? {} : { PackedPolicySize: packed }),
      ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
    };
  };
}

/** Answers carry whole seconds; the key ends when its answer says. */
export function wholeSeconds(epochMs: number): Date {
  return new Date(Math.floor(epochMs / 1000) * 1000);
}

/** The same words whether the role is unknown or does not trust the caller. */
export function denied(principalArn: string, action: string, resource: string): ServiceError {
  return new ServiceError(
    'AccessDenied',
    403,
    `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`,
  );
}

function duration(requested: number | undefined, roleMaximum: number, caller: PrincipalPolicies): number {
  const chained = caller.kind === 'assumed-role';
  const seconds = requested ?? DEFAULT_SECONDS;
  if (seconds < MIN_SECONDS) throw validationError(`The requested DurationSeconds must be at least ${MIN_SECONDS} seconds.`);
  if (chained && seconds > CHAINED_SECONDS)
    throw validationError('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  if (seconds > roleMaximum)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return seconds;
}

/** Once set it stays through a chain of roles. */
function inheritedSourceIdentity(caller: PrincipalPolicies, requested: string | undefined): string | undefined {
  if (caller.sourceIdentity !== undefined && requested !== undefined && requested !== caller.sourceIdentity) {
    throw validationError('The source identity of a session cannot be changed.');
  }
  return requested ?? caller.sourceIdentity;
}

function requestKeys(input: AssumeRoleInput, tags: Tag[], roleTags: Tag[], context: CallerContext): Record<string, string[]> {
  return {
    ...context.conditionKeys,
    'sts:RoleSessionName': [input.RoleSessionName],
    ...(input.ExternalId === undefined ? {} : { 'sts:ExternalId': [input.ExternalId] }),
    ...(input.SourceIdentity === undefined ? {} : { 'sts:SourceIdentity': [input.SourceIdentity] }),
    ...(input.TransitiveTagKeys === undefined ? {} : { 'sts:TransitiveTagKeys': input.TransitiveTagKeys }),
    ...(tags.length === 0 ? {} : { 'aws:TagKeys': tags.map(({ Key }) => Key) }),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, [Value]])),
    ...Object.fromEntries(
      roleTags.flatMap(({ Key, Value }) => [
        [`aws:ResourceTag/${Key}`, [Value]],
        [`iam:ResourceTag/${Key}`, [Value]],
      ]),
    ),
  };
}
