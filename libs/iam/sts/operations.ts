import type { OperationHandler } from '@hearth/aws-wire';
import { accountRootArn } from '../access-key.js';
import { unsupportedMember, validationError } from '../api/errors.js';
import type { CallerContext } from '../api/parts.js';
import type { PermissionMapping } from '../api/permissions.js';
import { assumeRole, denied, wholeSeconds } from './assume-role.js';
import type { StsParts } from './parts.js';
import { credentialsAnswer, issueTemporaryKey } from './temporary-key.js';

interface GetSessionTokenInput {
  DurationSeconds?: number;
  SerialNumber?: string;
  TokenCode?: string;
  MinimumSessionTokenSize?: number;
}

const USER_TOKEN_SECONDS = 43_200;
const MAX_USER_TOKEN_SECONDS = 129_600;
/** The account's root gets an hour at most. */
const ROOT_TOKEN_SECONDS = 3_600;
const MIN_TOKEN_SECONDS = 900;

export function stsOperations(parts: StsParts): Record<string, OperationHandler> {
  return {
    AssumeRole: assumeRole(parts),
    GetCallerIdentity: async (_input: unknown, context: CallerContext) => {
      const caller = await parts.principals.load(context);
      if (caller === undefined) throw denied(context.principalArn, 'sts:GetCallerIdentity', '*');
      return { UserId: caller.userId, Account: caller.accountId, Arn: caller.arn };
    },
    GetSessionToken: getSessionToken(parts),
    /** Also for keys of other accounts, as AWS does: the account's id is no secret. */
    GetAccessKeyInfo: async ({ AccessKeyId }: { AccessKeyId: string }) => {
      const { rows } = await parts.database.pool.query<{ account_id: string }>(
        'SELECT account_id FROM access_keys WHERE id = $1',
        [AccessKeyId],
      );
      if (rows[0] === undefined) throw validationError(`Access key ${AccessKeyId} is invalid`);
      return { Account: rows[0].account_id };
    },
  };
}

/** Temporary credentials for the calling user or root itself. */
function getSessionToken({ keyStore, principals, clock }: StsParts): OperationHandler {
  return async (input: GetSessionTokenInput, context: CallerContext) => {
    for (const member of ['SerialNumber', 'TokenCode', 'MinimumSessionTokenSize'] as const)
      if (input[member] !== undefined) throw unsupportedMember('GetSessionToken', member);
    const caller = await principals.load(context);
    if (caller === undefined || (caller.kind !== 'user' && caller.kind !== 'root') || caller.issuedAt !== undefined) {
      throw denied(context.principalArn, 'sts:GetSessionToken', '*');
    }
    const isRoot = caller.arn === accountRootArn(caller.accountId);
    const requested = input.DurationSeconds ?? USER_TOKEN_SECONDS;
    if (requested < MIN_TOKEN_SECONDS || requested > MAX_USER_TOKEN_SECONDS)
      throw validationError(`DurationSeconds must be between ${MIN_TOKEN_SECONDS} and ${MAX_USER_TOKEN_SECONDS}.`);
    const seconds = isRoot ? Math.min(requested, ROOT_TOKEN_SECONDS) : requested;
    const credentials = await issueTemporaryKey(keyStore, {
      accountId: caller.accountId,
      principalArn: caller.arn,
      ...(isRoot ? {} : { identityId: caller.userId }),
      expiration: wholeSeconds(clock.now() + seconds * 1000),
      session: { kind: 'session-token' },
    });
    if (credentials === undefined) throw denied(caller.arn, 'sts:GetSessionToken', '*');
    return { Credentials: credentialsAnswer(credentials) };
  };
}

/**
 * AssumeRole decides by itself, with the trust policy (`[]`: the guard has nothing to ask); GetCallerIdentity and GetSessionToken
 * need no permission on AWS either.
 */
export const stsPermissions: Record<string, PermissionMapping> = {
  AssumeRole: () => [],
  GetCallerIdentity: () => [],
  GetSessionToken: () => [],
  GetAccessKeyInfo: () => ({ action: 'sts:GetAccessKeyInfo', resource: '*' }),
};
