import type { Database } from '@hearth/database';
import { parseArn, ServiceError, systemClock, type Clock } from '@hearth/kernel';
import { passRole, type Permission } from '../api/permissions.js';
import type { KeyStore } from '../key-store.js';
import { wholeSeconds } from './assume-role.js';
import { findRole, sessionArn, type AssumableRole } from './roles.js';
import { issueTemporaryKey, type TemporaryCredentials } from './temporary-key.js';
import { serviceMayAssume } from './trust.js';

export const LAMBDA_SERVICE = 'lambda.amazonaws.com';

export interface ExecutionRolesOptions {
  database: Database;
  keyStore: KeyStore;
  clock?: Clock;
}

export interface PassedRole {
  /** The account the function is made in. */
  accountId: string;
  roleArn: string;
  /** Asks the guard for the caller; throws when it denies. */
  authorise: (permission: Permission) => void | Promise<void>;
}

/** Whom credentials of a role are for. */
export interface RoleSession {
  /** The function's name; what is longer than session names may be is cut. */
  name: string;
  /** Unqualified. */
  functionArn?: string;
  /** The life of the worker that has the sandbox: the credentials end with it. */
  sandboxHostId?: string;
}

/** How long a session may be named and what of; longer function names are cut. */
const MAX_SESSION_NAME = 64;

/** Roles as Lambda itself uses them: checked when a function is made, assumed for its sandboxes (spec/iam-and-sts.md 4.1). */
export class ExecutionRoles {
  constructor(private readonly options: ExecutionRolesOptions) {}

  /**
   * For CreateFunction, and for UpdateFunctionConfiguration when the role changes: the caller may pass the role, and Lambda may
   * assume it.
   * @throws ServiceError AccessDeniedException of the guard; InvalidParameterValueException
   */
  async checkPassRole({ accountId, roleArn, authorise }: PassedRole): Promise<void> {
    if (parseArn(roleArn)?.accountId !== accountId)
      throw new ServiceError('AccessDeniedException', 403, 'Cross-account pass role is not allowed.');
    await authorise(passRole(roleArn, LAMBDA_SERVICE));
    if ((await this.assumable(roleArn)) === undefined) throw notAssumable();
  }

  /**
   * Credentials of the role for a sandbox. Ask again before they expire, and {@link revoke} them when the sandbox ends. The trust
   * policy and the role's existence count at every issue, so a role that was taken away gives no new credentials.
   * @throws ServiceError InvalidParameterValueException when Lambda may not assume the role any more
   */
  async issueRoleCredentials(roleArn: string, session: RoleSession, durationSeconds: number): Promise<TemporaryCredentials> {
    const { keyStore, clock = systemClock } = this.options;
    const role = await this.assumable(roleArn);
    if (role === undefined) throw notAssumable();
    const name = session.name.slice(0, MAX_SESSION_NAME);
    const credentials = await issueTemporaryKey(keyStore, {
      accountId: role.accountId,
      principalArn: sessionArn(role, name),
      identityId: role.id,
      expiration: wholeSeconds(clock.now() + durationSeconds * 1000),
      sandboxHostId: session.sandboxHostId,
      session: { kind: 'assumed-role', sessionName: name, sourceFunctionArn: session.functionArn },
    });
    if (credentials === undefined) throw notAssumable();
    return credentials;
  }

  /** From now on the credentials are refused, on every process within a second. Silent when they are gone already. */
  async revoke(accessKeyId: string): Promise<void> {
    await this.options.keyStore.delete(accessKeyId);
  }

  private async assumable(roleArn: string): Promise<AssumableRole | undefined> {
    const role = await findRole(this.options.database.pool, roleArn);
    return role !== undefined && serviceMayAssume(LAMBDA_SERVICE, role) ? role : undefined;
  }
}

function notAssumable(): ServiceError {
  return new ServiceError(
    'InvalidParameterValueException',
    400,
    'The role defined for the function cannot be assumed by Lambda.',
  );
}
