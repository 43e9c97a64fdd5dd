/**
 * Runs scheduled actions when they are due. Any number of processes may do it: the lock of the action's row decides. Setting bounds and capacity is
 * idempotent, so that an action which is interrupted runs again.
 */
import { ServiceError, type Clock } from '@hearth/kernel';
import { dueAfter } from './due-time.js';
import type { ProvisionedCapacity } from './provisioned-port.js';
import { scalableResource, DIMENSION } from './scalable-resource.js';
import type { ActionRow, ScalingStore } from './scaling-store.js';

const INTERVAL_MS = 1_000;

export interface ScheduledScalingParts {
  store: ScalingStore;
  provisioned: ProvisionedCapacity;
  clock: Clock;
  /** What nobody waits for: an action that failed, or a database that is away. */
  onError(error: unknown, doing: string): void;
  intervalMs?: number;
}

export class ScheduledScaling {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: ScheduledScalingParts) {}

  start(): void {
    this.running = this.runDue()
      .catch((error: unknown) => this.parts.onError(error, 'looking for scheduled actions that are due'))
      .finally(() => {
        if (!this.stopped) this.timer = setTimeout(() => this.start(), this.parts.intervalMs ?? INTERVAL_MS).unref();
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async runDue(): Promise<void> {
    while (!this.stopped && (await this.runOne())) continue;
  }

  /** @returns false when none is due */
  private async runOne(): Promise<boolean> {
    const { store, clock } = this.parts;
    const now = clock.now();
    return await store.database.transaction(async (client) => {
      const action = await store.lockDue(new Date(now), client);
      if (action === undefined) return false;
      const target = await store.lockTarget(action, client);
      if (target !== undefined && !target.suspended_state.ScheduledScalingSuspended) {
        const min = action.min_capacity ?? target.min_capacity;
        const max = Math.max(min, action.max_capacity ?? target.max_capacity);
        await store.putTarget({ ...target, min_capacity: min, max_capacity: max }, client);
        await this.apply(action, min, max);
      }
      if (action.schedule.startsWith('at(')) await store.deleteAction({ accountId: action.account_id, region: action.region }, action.resource_id, action.name, client);
      else await store.setDue(action, dueAfter(action, now), client); // What was missed while no scheduler ran is made up for once.
      return true;
    });
  }

  /** Into the new bounds. What the function itself refuses is told and not tried again until the action is due again. */
  private async apply({ account_id, region, resource_id, name }: ActionRow, min: number, max: number): Promise<void> {
    const place = { accountId: account_id, region };
    const { functionName, qualifier } = scalableResource({ ServiceNamespace: 'lambda', ResourceId: resource_id, ScalableDimension: DIMENSION });
    try {
      const current = await this.parts.provisioned.current(place, functionName, qualifier);
      const wanted = Math.min(max, Math.max(min, current));
      if (wanted !== current) await this.parts.provisioned.set(place, functionName, qualifier, wanted);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.status >= 500) throw error;
      this.parts.onError(error, `running the scheduled action ${name} of ${resource_id}`);
    }
  }
}
