import { streamOf, type TelemetryEvent } from './telemetry-event.js';
import { receiverAt, type SandboxConnect } from './telemetry-receiver.js';
import { TelemetrySubscriber } from './telemetry-subscriber.js';
import type { Subscription } from './telemetry-subscription.js';

/** Who subscribes late in init gets what happened before; no more than this. */
const MAX_KEPT_EVENTS = 1_000;
const MAX_KEPT_CHARACTERS = 262_144;

/**
 * The telemetry of one execution environment: its events to those who subscribed during init.
 *
 * Without a subscription nothing is kept after init, and `collecting` is false: whoever makes events asks first.
 */
export class TelemetryHub {
  collecting = true;
  private readonly subscribers = new Map<string, TelemetrySubscriber>();
  private kept: TelemetryEvent[] = [];
  private keptCharacters = 0;
  private open = true;

  constructor(private readonly now: () => number) {}

  /** Only while `collecting`. */
  add(type: string, record: unknown, epochMs = this.now()): void {
    const event = { time: new Date(epochMs).toISOString(), type, record };
    if (this.open) this.keep(event);
    for (const subscriber of this.subscribers.values()) if (subscriber.wants(streamOf(type))) subscriber.add(event);
  }

  get subscribable(): boolean {
    return this.open;
  }

  /** A second subscription of the same extension replaces the first. */
  subscribe(extension: string, subscription: Subscription, connect: SandboxConnect): void {
    this.subscribers.get(extension)?.close();
    const subscriber = new TelemetrySubscriber(subscription, receiverAt(subscription.destination, connect), this.now);
    this.subscribers.set(extension, subscriber);
    for (const event of this.kept) if (subscriber.wants(streamOf(event.type))) subscriber.add(event);
  }

  /** Nobody subscribes any more. */
  closeSubscription(): void {
    this.open = false;
    this.kept = [];
    this.collecting = this.subscribers.size > 0;
  }

  /** Whether everything has been delivered. */
  get quiet(): boolean {
    return [...this.subscribers.values()].every((subscriber) => subscriber.quiet);
  }

  async flush(): Promise<void> {
    await Promise.all([...this.subscribers.values()].map((subscriber) => subscriber.flush()));
  }

  freeze(): void {
    for (const subscriber of this.subscribers.values()) subscriber.freeze();
  }

  thaw(): void {
    for (const subscriber of this.subscribers.values()) subscriber.thaw();
  }

  close(): void {
    this.closeSubscription();
    for (const subscriber of this.subscribers.values()) subscriber.close();
    this.subscribers.clear();
    this.collecting = false;
  }

  private keep(event: TelemetryEvent): void {
    if (this.kept.length >= MAX_KEPT_EVENTS || this.keptCharacters >= MAX_KEPT_CHARACTERS) return;
    if (typeof event.record === 'string') this.keptCharacters += event.record.length;
    this.kept.push(event);
  }
}
