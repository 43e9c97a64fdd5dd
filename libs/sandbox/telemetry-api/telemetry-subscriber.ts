import type { TelemetryType } from './telemetry-event.js';
import { TelemetryBuffer, type Batch } from './telemetry-buffer.js';
import type { TelemetryEvent } from './telemetry-event.js';
import type { TelemetryReceiver } from './telemetry-receiver.js';
import type { Subscription } from './telemetry-subscription.js';

/** A batch that cannot be delivered is tried as often, with these pauses between, then counted as lost. */
const PAUSES_MS = [50, 100, 200, 400, 800];

/**
 * One subscription: buffers its events and delivers them.
 *
 * 1. At least once and in order: a batch is sent until it is taken, before the next one.
 * 2. What is lost is told: platform.logsDropped goes out before the next batch.
 * 3. While the sandbox is frozen nothing is sent, and a delivery that the frost interrupted is no failed one.
 */
export class TelemetrySubscriber {
  private readonly buffer: TelemetryBuffer;
  private delivering: Promise<void> | undefined;
  private frozen: { promise: Promise<void>; end: () => void } | undefined;
  private over = false;

  constructor(
    readonly subscription: Subscription,
    private readonly receiver: TelemetryReceiver,
    private readonly now: () => number,
  ) {
    this.buffer = new TelemetryBuffer(subscription.buffering, () => this.deliver());
  }

  wants(type: TelemetryType): boolean {
    return this.subscription.types.includes(type);
  }

  add(event: TelemetryEvent): void {
    if (!this.over) this.buffer.add(event);
  }

  /** Whether everything has been delivered. */
  get quiet(): boolean {
    return this.buffer.empty && this.delivering === undefined;
  }

  /** Everything that is there goes out now; resolves when it is taken or lost. Never rejects. */
  async flush(): Promise<void> {
    this.buffer.complete();
    this.deliver();
    while (this.delivering !== undefined) await this.delivering;
  }

  freeze(): void {
    if (this.frozen !== undefined) return;
    let end!: () => void;
    const promise = new Promise<void>((resolve) => (end = resolve));
    this.frozen = { promise, end };
  }

  thaw(): void {
    this.frozen?.end();
    this.frozen = undefined;
  }

  close(): void {
    this.over = true;
    this.thaw();
    this.buffer.close();
    this.receiver.close();
  }

  private deliver(): void {
    this.delivering ??= this.deliverAll().finally(() => {
      this.delivering = undefined;
    });
  }

  private async deliverAll(): Promise<void> {
    for (let batch = this.buffer.take(); batch !== undefined && !this.over; batch = this.buffer.take()) {
      const losses = this.buffer.losses();
      await this.send(losses === undefined ? batch : withLosses(batch, losses, this.now()));
    }
  }

  private async send(batch: Batch): Promise<void> {
    for (let failures = 0; !this.over;) {
      await this.frozen?.promise;
      try {
        return await this.receiver.deliver(batch);
      } catch {
        if (this.frozen !== undefined) continue;
        const pause = PAUSES_MS[failures++];
        if (pause === undefined) return this.buffer.lose(batch.items.length, batch.bytes);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
}

function withLosses(batch: Batch, { records, bytes }: { records: number; bytes: number }, epochMs: number): Batch {
  const record = {
    droppedRecords: records,
    droppedBytes: bytes,
    reason: 'The subscriber did not take them in time, or not at all.',
  };
  const text = JSON.stringify({ time: new Date(epochMs).toISOString(), type: 'platform.logsDropped', record });
  return { items: [text, ...batch.items], bytes: batch.bytes };
}
