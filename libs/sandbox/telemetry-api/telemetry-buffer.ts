import type { TelemetryEvent } from './telemetry-event.js';
import type { Buffering } from './telemetry-subscription.js';

/** What waits for a receiver that does not keep up, in bytes of JSON; more is dropped, the newest first. */
export const MAX_WAITING_BYTES = 4 * 1_048_576;

/** Events as JSON texts, to be sent together. */
export interface Batch {
  items: string[];
  bytes: number;
}

/**
 * The events of one subscriber, cut into batches by its buffering rules (runtime-api.md section 3): a batch is full with `maxItems` events or
 * `maxBytes`, and due `timeoutMs` after its first event.
 */
export class TelemetryBuffer {
  private readonly full: Batch[] = [];
  private filling: Batch = { items: [], bytes: 0 };
  private waitingBytes = 0;
  private dropped = { records: 0, bytes: 0 };
  private timer: NodeJS.Timeout | undefined;

  /** @param due called when there is a batch to take */
  constructor(
    private readonly rules: Buffering,
    private readonly due: () => void,
  ) {}

  add(event: TelemetryEvent): void {
    const text = JSON.stringify(event);
    const bytes = Buffer.byteLength(text);
    if (this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.lose(1, bytes);
      return;
    }
    if (this.filling.bytes > 0 && this.filling.bytes + bytes > this.rules.maxBytes) this.complete();
    this.filling.items.push(text);
    this.filling.bytes += bytes;
    this.waitingBytes += bytes;
    if (this.filling.items.length >= this.rules.maxItems || this.filling.bytes >= this.rules.maxBytes) this.complete();
    else this.timer ??= setTimeout(() => this.complete(), this.rules.timeoutMs);
  }

  /** The oldest full batch. */
  take(): Batch | undefined {
    const batch = this.full.shift();
    if (batch) this.waitingBytes -= batch.bytes;
    return batch;
  }

  /** What is there is due now. */
  complete(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.filling.items.length === 0) return;
    this.full.push(this.filling);
    this.filling = { items: [], bytes: 0 };
    this.due();
  }

  lose(records: number, bytes: number): void {
    this.dropped.records += records;
    this.dropped.bytes += bytes;
  }

  /** What was lost since the last call. */
  losses(): { records: number; bytes: number } | undefined {
    if (this.dropped.records === 0) return undefined;
    const { dropped } = this;
    this.dropped = { records: 0, bytes: 0 };
    return dropped;
  }

  get empty(): boolean {
    return this.full.length === 0 && this.filling.items.length === 0;
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
