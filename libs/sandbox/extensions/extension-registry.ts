import { randomUUID } from 'node:crypto';
import {
  EXTENSION_EVENTS,
  type ExtensionEvent,
  type ExtensionEventType,
  type ExtensionFailure,
  type InvokeEvent,
  type ShutdownEvent,
} from './extension-events.js';
import { faults } from './extension-fault.js';

/** Internal and external ones together (runtime-api.md section 2). */
export const MAX_EXTENSIONS = 10;
/** No file has a longer one. */
const MAX_NAME_LENGTH = 255;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What a shell says of a program that it cannot start. */
const CANNOT_START: Readonly<Record<number, string>> = { 126: 'permission denied', 127: 'no such file or directory' };
const SIGNAL_BASE = 128;

/** `Started`: its process runs, it has not registered. `Ready`: it waits in `next`. `Running`: it was given an event. */
export type ExtensionState =
  'Started' | 'Registered' | 'Ready' | 'Running' | 'InitError' | 'ExitError' | 'LaunchError' | 'Exited';

/** Legal moves; everything else is refused with Extension.InvalidExtensionState. */
const MOVES: Readonly<Record<ExtensionState, readonly ExtensionState[]>> = {
  Started: ['Registered', 'LaunchError', 'Exited'],
  Registered: ['Ready', 'InitError', 'ExitError', 'Exited'],
  Ready: ['Running', 'ExitError', 'Exited'],
  Running: ['Ready', 'ExitError', 'Exited'],
  InitError: ['Exited'],
  ExitError: ['Exited'],
  LaunchError: [],
  Exited: [],
};

/** Others have not come so far, or are gone. */
const TAKES_EVENTS: ReadonlySet<ExtensionState> = new Set(['Registered', 'Ready', 'Running']);

export interface Extension {
  readonly name: string;
  /** External ones are processes of their own, with the name of their file. */
  readonly external: boolean;
  readonly id: string;
  readonly events: readonly ExtensionEventType[];
  readonly state: ExtensionState;
}

interface Entry extends Extension {
  events: ExtensionEventType[];
  state: ExtensionState;
  /** The blocked `next`. */
  waiting?: (event: ExtensionEvent) => void;
  /** Came while it was running. */
  due: ExtensionEvent[];
}

export interface RegistryEvents {
  /** An extension reached a state worth a record in the log. */
  changed(extension: Extension, errorType?: string): void;
}

/**
 * The extensions of one execution environment and what each is doing.
 *
 * 1. Registration is open until the runtime and every registered extension have asked for their first event.
 * 2. INVOKE goes to those who wait in `next`; the invocation is over for extensions when all of them wait again.
 * 3. The first extension that ends or reports an error fails the environment, once; nothing after it counts.
 */
export class ExtensionRegistry {
  /** Settles when an extension fails the environment. */
  readonly failed: Promise<ExtensionFailure>;
  failure: ExtensionFailure | undefined;
  private fail!: (failure: ExtensionFailure) => void;
  private readonly entries: Entry[] = [];
  private open = true;
  private closing = false;
  /** The runtime is started after the external extensions: until then nobody else registers. */
  externalsFirst = false;
  private readonly watchers = new Set<() => void>();

  constructor(private readonly on: RegistryEvents) {
    this.failed = new Promise((resolve) => (this.fail = resolve));
  }

  get all(): readonly Extension[] {
    return this.entries;
  }

  /** An external extension's process is being started. */
  started(name: string): void {
    this.entries.push({ name, external: true, id: randomUUID(), events: [], state: 'Started', due: [] });
  }

  /** @throws ExtensionFault */
  register(name: string, events: readonly string[]): Extension {
    if (!this.open) throw faults.registrationClosed();
    if (name === '' || name.length > MAX_NAME_LENGTH) throw faults.name(name);
    const known = this.entries.find((entry) => entry.name === name);
    if (known === undefined && this.externalsFirst) throw faults.name(name);
    if (known !== undefined && known.state !== 'Started') throw faults.state(known.state, 'Registered');
    const external = known !== undefined;
    for (const type of events) if (!isEventType(type) || (type === 'SHUTDOWN' && !external)) throw faults.eventType(type);
    if (this.entries.filter(({ state }) => state !== 'Started').length >= MAX_EXTENSIONS) throw faults.tooMany(MAX_EXTENSIONS);
    const entry: Entry = known ?? { name, external: false, id: randomUUID(), events: [], state: 'Started', due: [] };
    if (known === undefined) this.entries.push(entry);
    entry.events = [...new Set(events as ExtensionEventType[])];
    this.move(entry, 'Registered');
    return entry;
  }

  /** @throws ExtensionFault when nobody registered has this identifier */
  identified(id: string | undefined): Extension {
    if (id === undefined || id === '') throw faults.missingIdentifier();
    if (!UUID.test(id)) throw faults.invalidIdentifier();
    const entry = this.entries.find((one) => one.id === id && one.state !== 'Started');
    if (entry === undefined) throw faults.unknownIdentifier();
    return entry;
  }

  /**
   * The extension has nothing more to do with its last event.
   * @returns takes the call back: its connection is gone, and the extension may ask again
   * @throws ExtensionFault
   */
  next(id: string | undefined, deliver: (event: ExtensionEvent) => void): () => void {
    const entry = this.identified(id) as Entry;
    const first = entry.state === 'Registered';
    this.move(entry, 'Ready');
    if (first) this.on.changed(entry);
    entry.waiting = deliver;
    this.handOut(entry);
    this.look();
    return () => {
      if (entry.waiting !== deliver) return;
      entry.waiting = undefined;
      if (entry.state === 'Ready') entry.state = 'Running';
    };
  }

  /** @param kind `exit` may come at any time, `init` only before the first `next`. @throws ExtensionFault */
  reportError(id: string | undefined, kind: 'init' | 'exit', errorType: string | undefined): void {
    const entry = this.identified(id) as Entry;
    if (errorType === undefined || errorType === '') throw faults.missingHeader('Lambda-Extension-Function-Error-Type');
    this.move(entry, kind === 'init' ? 'InitError' : 'ExitError');
    this.broken(
      entry,
      { errorType: kind === 'init' ? 'Extension.InitError' : 'Extension.ExitError', reason: errorType },
      errorType,
    );
  }

  /** The launcher found that the file is no program. */
  cannotStart(name: string, reason: string): void {
    const entry = this.entries.find((one) => one.name === name && one.state === 'Started');
    if (entry === undefined) return;
    this.move(entry, 'LaunchError');
    this.broken(
      entry,
      { errorType: 'Extension.LaunchError', reason: `fork/exec /opt/extensions/${name}: ${reason}` },
      'Extension.LaunchError',
    );
  }

  /** The process of an external extension ended with this status, as a shell gives it. */
  exited(name: string, status: number): void {
    const entry = this.entries.find((one) => one.name === name && one.external);
    if (entry === undefined || entry.state === 'Exited' || entry.state === 'LaunchError') return;
    const cause = CANNOT_START[status];
    if (entry.state === 'Started' && cause !== undefined) return this.cannotStart(name, cause);
    entry.state = 'Exited';
    entry.waiting = undefined;
    if (!this.closing) this.broken(entry, { errorType: 'Extension.Crash', reason: reasonOf(status) }, 'Extension.Crash');
    this.look();
  }

  /** Whether every external extension has registered. */
  get complete(): boolean {
    return this.entries.every(({ state }) => state !== 'Started');
  }

  /** Whether no extension has anything to do: each waits for its next event. */
  get settled(): boolean {
    return this.entries.every(({ state, events }) => state === 'Ready' || (state === 'Running' && !events.includes('INVOKE')));
  }

  /** Whether SHUTDOWN has nobody left to wait for. */
  get over(): boolean {
    return this.entries.every(({ state, external, events }) => !external || !events.includes('SHUTDOWN') || state === 'Exited');
  }

  get anyAlive(): boolean {
    return this.entries.some(({ state }) => TAKES_EVENTS.has(state));
  }

  /** The init phase has ended. */
  closeRegistration(): void {
    this.open = false;
  }

  invoke(event: InvokeEvent): void {
    this.send(event);
  }

  /** From here on an extension that ends does what it should. */
  shutDown(event: ShutdownEvent): void {
    this.open = false;
    this.closing = true;
    this.send(event);
  }

  /** Resolves when the condition, which looks at this registry, holds. Never rejects. */
  when(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const watcher = (): void => {
        if (!condition()) return;
        this.watchers.delete(watcher);
        resolve();
      };
      this.watchers.add(watcher);
    });
  }

  private send(event: ExtensionEvent): void {
    for (const entry of this.entries) {
      if (!entry.events.includes(event.eventType) || !TAKES_EVENTS.has(entry.state)) continue;
      entry.due.push(event);
      this.handOut(entry);
    }
  }

  private handOut(entry: Entry): void {
    const { waiting } = entry;
    if (waiting === undefined || entry.due.length === 0) return;
    entry.waiting = undefined;
    entry.state = 'Running';
    waiting(entry.due.shift()!);
  }

  private broken(entry: Entry, failure: ExtensionFailure, errorType: string): void {
    if (this.failure !== undefined || this.closing) return;
    this.failure = failure;
    this.open = false;
    this.on.changed(entry, errorType);
    this.fail(failure);
  }

  private move(entry: Entry, to: ExtensionState): void {
    if (!MOVES[entry.state].includes(to)) throw faults.state(entry.state, to);
    entry.state = to;
    this.look();
  }

  private look(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}

function isEventType(type: string): type is ExtensionEventType {
  return (EXTENSION_EVENTS as readonly string[]).includes(type);
}

function reasonOf(status: number): string {
  if (status === 0) return 'exit code 0';
  if (status === SIGNAL_BASE + 9) return 'signal: killed';
  return `exit status ${status}`;
}
