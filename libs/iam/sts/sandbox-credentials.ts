import { randomUUID } from 'node:crypto';
import type { Database } from '@hearth/database';
import { functionArn, InfrastructureError, ServiceError } from '@hearth/kernel';
import { beginSandboxHost, deleteAccessKeys, endSandboxHost, insertSandboxHost, renewSandboxHost, RENEW_MS } from '../store/sandbox-hosts.js';
import type { ExecutionRoles } from './execution-roles.js';

/** Lambda's own sessions of a role last up to 12 hours (spec/iam-and-sts.md 4.1), whatever the role's MaxSessionDuration says. */
const LIFETIME_S = 43_200;
const FOREIGN_KEY_VIOLATION = '23503';

export interface SandboxCredentialsOptions {
  database: Database;
  roles: ExecutionRoles;
  /** The same for all lives of this worker, another for every other worker. */
  owner: string;
  lifetimeSeconds?: number;
  renewMs?: number;
  onError: (error: Error) => void;
}

/** Whose sandbox it is. */
export interface SandboxFunction {
  accountId: string;
  region: string;
  functionName: string;
  /** ARN of its execution role. */
  role: string;
}

export interface SandboxKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Epoch ms. */
  expiresAt: number;
}

/**
 * Credentials of execution roles for the sandboxes of one worker.
 *
 * 1. Each sandbox has credentials of its own; they end with it.
 * 2. They hang on the life of the worker: when it dies, they are refused a minute later (removeLostSandboxHosts), and at once when its next
 *    life begins.
 * 3. A life that was given up by mistake learns of it, and begins anew with new credentials.
 */
export class SandboxCredentials {
  private readonly hostId = randomUUID();
  private readonly toRevoke = new Set<string>();
  private revoking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private onLost: () => void = () => undefined;

  constructor(private readonly options: SandboxCredentialsOptions) {}

  /**
   * Once the sandboxes of former lives are gone.
   * @param onLost this life was given up (it was silent for too long): all credentials it issued are refused, and the sandboxes that have them
   *   are of no use
   */
  async start(onLost: () => void): Promise<void> {
    this.onLost = onLost;
    const { database, owner, renewMs = RENEW_MS } = this.options;
    await beginSandboxHost(database, this.hostId, owner);
    this.timer = setInterval(() => void this.renew(), renewMs);
    this.timer.unref();
  }

  /**
   * @throws ServiceError InvalidParameterValueException when Lambda may not assume the role any more
   * @throws InfrastructureError when they cannot be had now
   */
  async issue({ accountId, region, functionName, role }: SandboxFunction): Promise<SandboxKey> {
    const { roles, lifetimeSeconds = LIFETIME_S } = this.options;
    const session = { name: functionName, functionArn: functionArn(region, accountId, functionName), sandboxHostId: this.hostId };
    try {
      const { expiration, ...credentials } = await roles.issueRoleCredentials(role, session, lifetimeSeconds);
      return { ...credentials, expiresAt: expiration.getTime() };
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) void this.renew();
      throw new InfrastructureError(`Credentials of ${role} cannot be issued: ${(error as Error).message}`, { cause: error });
    }
  }

  /** In the background; what cannot be revoked now is tried again for as long as this life goes on. */
  revoke(accessKeyId: string): void {
    this.toRevoke.add(accessKeyId);
    this.revoking ??= this.revokeAll().finally(() => (this.revoking = undefined));
  }

  /** Revokes everything that is left. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.revoking;
    await endSandboxHost(this.options.database.pool, this.hostId);
  }

  /** Never rejects: the next beat tries again. */
  private async renew(): Promise<void> {
    const { database, owner, onError } = this.options;
    try {
      if (!(await renewSandboxHost(database.pool, this.hostId))) {
        this.onLost();
        await insertSandboxHost(database.pool, this.hostId, owner);
      }
      if (this.toRevoke.size > 0 && this.revoking === undefined) await this.revokeAll();
    } catch (error) {
      onError(error as Error);
    }
  }

  private async revokeAll(): Promise<void> {
    try {
      while (this.toRevoke.size > 0) {
        const ids = [...this.toRevoke];
        await deleteAccessKeys(this.options.database.pool, ids);
        for (const id of ids) this.toRevoke.delete(id);
      }
    } catch (error) {
      this.options.onError(error as Error);
    }
  }
}
