import { ENDPOINT_OPERATIONS, type RequestRecord } from '@hearth/api-server';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { AuditLog, ExecutionRoles, expireAuditEvents, Guard, KeyStore, KeyUsage, removeExpiredSessions, removeLostSandboxHosts, SANDBOX_HOST_RENEW_MS, type Keyring } from '@hearth/iam';
import { Recurring } from '@hearth/kernel';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { DATABASE, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

const SESSION_SWEEP_MS = 3_600_000;
const AUDIT_SWEEP_MS = 600_000;
const INVOKES: ReadonlySet<string> = new Set(ENDPOINT_OPERATIONS);

/** Who may call what, in this process: keys, policies, execution roles, and the trail of calls. */
@Injectable()
export class AccessControl {
  readonly keyStore: KeyStore;
  readonly guard: Guard;
  readonly executionRoles: ExecutionRoles;
  private readonly keyUsage: KeyUsage;
  private readonly auditLog: AuditLog;
  private readonly sweepers: Recurring[] = [];

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SECRETS) secretBox: Keyring,
  ) {
    const { logger } = telemetry;
    this.keyStore = new KeyStore({ database, secretBox, onError: (err) => logger.error({ err }, 'Access keys could not be refreshed') });
    this.guard = new Guard({ database, onError: (err) => logger.error({ err }, 'Policies could not be refreshed') });
    this.executionRoles = new ExecutionRoles({ database, keyStore: this.keyStore });
    this.keyUsage = new KeyUsage({ database, onError: (err) => logger.warn({ err }, 'The last use of access keys could not be stored yet') });
    this.auditLog = new AuditLog({ database, onError: (err) => logger.error({ err }, 'The audit log is not complete') });
  }

  async start(): Promise<void> {
    await Promise.all([this.keyStore.start(), this.guard.start()]);
    this.keyUsage.start();
    this.every(SESSION_SWEEP_MS, 'Expired sessions could not be removed yet', () => removeExpiredSessions(this.database));
    this.every(SANDBOX_HOST_RENEW_MS, 'Credentials of lost workers could not be revoked yet', async () => {
      const lost = await removeLostSandboxHosts(this.database);
      if (lost > 0) this.telemetry.logger.warn({ workers: lost }, 'Workers are gone; the credentials in their sandboxes are revoked');
    });
    const days = this.settings.HEARTH_AUDIT_RETENTION_DAYS;
    if (days > 0) this.every(AUDIT_SWEEP_MS, 'Expired audit events could not be removed yet', (signal) => expireAuditEvents(this.database, days, signal));
  }

  private every(everyMs: number, complaint: string, run: (signal: AbortSignal) => Promise<unknown>): void {
    const sweeper = new Recurring({ everyMs, run, onError: (err) => this.telemetry.logger.warn({ err }, complaint) });
    sweeper.start();
    this.sweepers.push(sweeper);
  }

  /** After the answer. Calls that nobody signed rightly have no caller to name: they are only in the platform's log. */
  ended({ time, operation, status, errorCode, accountId, accessKeyId, principalArn, service, action, resource, requestId, facts }: RequestRecord): void {
    if (accountId === undefined || principalArn === undefined || accessKeyId === undefined || service === undefined) return;
    const region = this.settings.HEARTH_REGION;
    this.keyUsage.record(accessKeyId, service, region);
    if (INVOKES.has(operation) && status < 400 && !this.settings.HEARTH_AUDIT_INVOKES) return;
    this.auditLog.record({
      time,
      accountId,
      principalArn,
      accessKeyId,
      sourceIp: facts.sourceIp,
      userAgent: facts.userAgent,
      region,
      service,
      action: action ?? `${service}:${operation}`,
      resource: resource ?? '*',
      errorCode: status < 400 ? undefined : errorCode,
      requestId,
    });
  }

  /** After the endpoint closed, and before Postgres is let go. */
  async stop(): Promise<void> {
    await Promise.all(this.sweepers.map((sweeper) => sweeper.stop()));
    await Promise.all([this.keyStore.stop(), this.guard.stop(), this.keyUsage.stop(), this.auditLog.stop()]);
  }
}
