/**
 * Log lines of functions on their way to Postgres.
 *
 * Invariants:
 * 1. `write` never blocks and never throws: lines are queued and stored in the background, one statement for all streams at a time.
 * 2. Lines of one stream are stored in the order they came, and their times never go back, so that readers see that order.
 * 3. What Postgres does not take is tried again until it does; a batch whose answer was lost on the way may be stored twice.
 * 4. The queue is bounded, whole and for each stream. What does not fit is counted; the operator is told, and a line in the stream itself
 *    says how many are missing.
 * 5. What the role of a function does not allow is not stored. That is found out in the background too, at every batch, so that a change of policies
 *    counts from the next one on; the operator is told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@hearth/kernel';
import type { BlockStore } from './block-store.js';
import { mayDeliver, type DeliveryAction, type LogOwner, type RoleRights } from './delivery-rights.js';
import type { GroupStore, StreamName } from './group-store.js';
import { cutBlocks, eventBytes, type LogEvent } from './log-block.js';

/** Lines wait this long for company: a commit costs more than the lines of an invocation. A kill -9 loses at most these. */
const COALESCE_MS = 100;
/** Then they wait no longer. */
const EAGER_BYTES = 1_048_576;
const MAX_QUEUED_BYTES = 32 * 1_048_576;
/** So that one function cannot fill the queue of all. */
const MAX_STREAM_BYTES = 8 * 1_048_576;
const MAX_STATEMENT_BYTES = 4 * 1_048_576;
const RETRY_MS = 1_000;
/** Streams are never reused by another sandbox: old ones are forgotten, and looked up again if they write after all. */
const MAX_KNOWN_STREAMS = 10_000;

export interface LogWriterParts {
  blocks: Pick<BlockStore, 'append'>;
  groups: Pick<GroupStore, 'ensureStreams'>;
  clock: Clock;
  rights: RoleRights;
  /** Told once per outage, when lines are lost or not allowed, and when all is well again. */
  report(event: LogTrouble): void;
}

export type LogTrouble =
  | { kind: 'delayed'; error: unknown }
  | { kind: 'recovered' }
  /** Lines are being lost; how many is told when the queue moves again. */
  | { kind: 'overflowing' }
  /** @property lines that are lost for good */
  | { kind: 'lost'; lines: number; error?: unknown }
  /** The function's role does not allow the action, and so nothing of this batch was stored. */
  | { kind: 'denied'; accountId: string; owner: LogOwner; action: DeliveryAction; group: string; lines: number };

interface Pending {
  key: string;
  name: StreamName;
  owner: LogOwner;
  events: LogEvent[];
  bytes: number;
  dropped: number;
}

interface KnownStream {
  id?: string;
  lastTime: number;
}

export class LogWriter {
  private pending = new Map<string, Pending>();
  private readonly known = new Map<string, KnownStream>();
  private queuedBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private draining: Promise<void> | undefined;
  private troubled = false;
  private overflowing = false;
  /** Aborted when the queue is given up: what is left then is lost. */
  private readonly abandoned = new AbortController();

  constructor(private readonly parts: LogWriterParts) {}

  /** Messages are stored as they are. */
  write(name: StreamName, owner: LogOwner, lines: readonly LogEvent[]): void {
    const key = keyOf(name);
    let pending = this.pending.get(key);
    if (pending === undefined) this.pending.set(key, (pending = { key, name, owner, events: [], bytes: 0, dropped: 0 }));
    const stream = this.knownStream(key);
    for (const { timestamp, message } of lines) {
      const bytes = eventBytes(message);
      if (this.queuedBytes + bytes > MAX_QUEUED_BYTES || pending.bytes + bytes > MAX_STREAM_BYTES) {
        pending.dropped += 1;
        this.reportOverflow();
        continue;
      }
      stream.lastTime = Math.max(stream.lastTime, timestamp);
      pending.events.push({ timestamp: stream.lastTime, message });
      pending.bytes += bytes;
      this.queuedBytes += bytes;
    }
    this.schedule();
  }

  /** Resolves when everything written so far is stored, or told as lost. */
  async flush(): Promise<void> {
    while (this.pending.size > 0 || this.draining !== undefined) {
      this.begin();
      await this.draining;
    }
  }

  /** Stores what it can within the time; what is left then is lost, and told. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.abandoned.abort(), graceMs);
    await this.flush();
    clearTimeout(timer);
  }

  private schedule(): void {
    if (this.draining !== undefined) return;
    if (this.queuedBytes >= EAGER_BYTES) this.begin();
    else this.timer ??= setTimeout(() => this.begin(), COALESCE_MS);
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.draining !== undefined || this.pending.size === 0) return;
    this.draining = this.drain().finally(() => {
      this.draining = undefined;
      if (this.pending.size > 0) this.schedule();
    });
  }

  /** Everything that waits now; what comes meanwhile gathers for the next time. */
  private async drain(): Promise<void> {
    const waiting = [...this.pending.values()];
    this.pending = new Map();
    while (waiting.length > 0) {
      const batch: Pending[] = [];
      for (let bytes = 0; waiting.length > 0 && bytes < MAX_STATEMENT_BYTES; ) {
        const next = waiting.shift()!;
        bytes += next.bytes;
        batch.push(next);
      }
      await this.storeAtLast(batch);
      for (const { bytes } of batch) this.queuedBytes -= bytes;
    }
    this.overflowing = false;
  }

  private async storeAtLast(batch: readonly Pending[]): Promise<void> {
    for (const pending of batch) this.noteDropped(pending);
    const lines = batch.reduce((sum, { events }) => sum + events.length, 0);
    for (;;) {
      if (this.abandoned.signal.aborted) return this.parts.report({ kind: 'lost', lines });
      try {
        await this.unlessAbandoned(this.store(batch));
        if (this.troubled) this.parts.report({ kind: 'recovered' });
        this.troubled = false;
        return;
      } catch (error) {
        if (isRefused(error)) return this.parts.report({ kind: 'lost', lines, error });
        if (!this.troubled) this.parts.report({ kind: 'delayed', error });
        this.troubled = true;
        await this.unlessAbandoned(delay(RETRY_MS, undefined, { ref: false })).catch(() => undefined); // Seen at the beginning of the next round.
      }
    }
  }

  /** Streams that were deleted are made again, once. */
  private async store(batch: readonly Pending[]): Promise<void> {
    const left = await this.append(await this.permitted(batch, 'logs:PutLogEvents'));
    if (left.length === 0) return;
    const lost = (await this.append(left)).reduce((sum, { events }) => sum + events.length, 0);
    if (lost > 0) this.parts.report({ kind: 'lost', lines: lost });
  }

  /** @returns those whose stream is gone */
  private async append(batch: readonly Pending[]): Promise<Pending[]> {
    const refused = await this.findStreams(batch.filter(({ key }) => this.knownStream(key).id === undefined));
    const withId = batch.filter((pending) => !refused.has(pending)).map((pending) => ({ pending, id: this.known.get(pending.key)?.id }));
    const blocks = withId.flatMap(({ pending, id }) => (id === undefined ? [] : cutBlocks(id, pending.events)));
    const stored = await this.parts.blocks.append(blocks, this.parts.clock.now());
    const left = withId.filter(({ id }) => id === undefined || !stored.has(id)).map(({ pending }) => pending);
    for (const { key } of left) this.knownStream(key).id = undefined;
    return left;
  }

  /** @returns those without a stream that their roles may not make */
  private async findStreams(unknown: readonly Pending[]): Promise<Set<Pending>> {
    const refused = new Set<Pending>();
    if (unknown.length === 0) return refused;
    const wanted = await Promise.all(
      unknown.map(async ({ name, owner }) => ({
        name,
        createGroup: await mayDeliver(this.parts.rights, 'logs:CreateLogGroup', owner, name),
        createStream: await mayDeliver(this.parts.rights, 'logs:CreateLogStream', owner, name),
      })),
    );
    const ids = await this.parts.groups.ensureStreams(wanted);
    unknown.forEach((pending, place) => {
      const { createGroup, createStream } = wanted[place]!;
      this.knownStream(pending.key).id = ids[place];
      if (ids[place] !== undefined || (createGroup && createStream)) return;
      refused.add(pending);
      this.reportDenied(pending, createStream ? 'logs:CreateLogGroup' : 'logs:CreateLogStream');
    });
    return refused;
  }

  private async permitted(batch: readonly Pending[], action: DeliveryAction): Promise<Pending[]> {
    const allowed = await Promise.all(batch.map(({ owner, name }) => mayDeliver(this.parts.rights, action, owner, name)));
    batch.forEach((pending, place) => allowed[place] || this.reportDenied(pending, action));
    return batch.filter((_pending, place) => allowed[place]);
  }

  /** The lines are gone with that: a batch that is tried again does not count them twice. */
  private reportDenied(pending: Pending, action: DeliveryAction): void {
    const { name, owner, events } = pending;
    pending.events = [];
    if (events.length > 0) this.parts.report({ kind: 'denied', accountId: name.place.accountId, owner, action, group: name.group, lines: events.length });
  }

  private knownStream(key: string): KnownStream {
    let stream = this.known.get(key);
    if (stream !== undefined) return stream;
    if (this.known.size >= MAX_KNOWN_STREAMS) this.known.delete(this.known.keys().next().value!);
    this.known.set(key, (stream = { lastTime: 0 }));
    return stream;
  }

  private noteDropped(pending: Pending): void {
    if (pending.dropped === 0) return;
    const message = `hearth: ${pending.dropped} lines of this log were lost here: they came faster than they could be stored.\n`;
    pending.events.push({ timestamp: this.knownStream(pending.key).lastTime, message });
    this.parts.report({ kind: 'lost', lines: pending.dropped });
    pending.dropped = 0;
  }

  private reportOverflow(): void {
    if (!this.overflowing) this.parts.report({ kind: 'overflowing' });
    this.overflowing = true;
  }

  /** A Postgres that hangs must not keep the process from ending. */
  private async unlessAbandoned(work: Promise<void>): Promise<void> {
    const { signal } = this.abandoned;
    let stop = (): void => undefined;
    const abandoned = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    try {
      await Promise.race([work, abandoned]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

function keyOf({ place, group, stream }: StreamName): string {
  return `${place.accountId} ${place.region} ${group} ${stream}`;
}

/** Data or a statement that Postgres will never take (SQLSTATE classes 22, 23 and 42): trying again is in vain. */
function isRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(22|23|42)...$/.test(code);
}
