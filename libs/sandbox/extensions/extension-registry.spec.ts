import type { ExtensionEvent, InvokeEvent } from './extension-events.js';
import { ExtensionRegistry, type Extension } from './extension-registry.js';

const INVOKE: InvokeEvent = {
  eventType: 'INVOKE',
  deadlineMs: 1,
  requestId: 'r',
  invokedFunctionArn: 'arn',
  tracing: { type: 'X-Amzn-Trace-Id', value: 't' },
};
const SHUTDOWN = { eventType: 'SHUTDOWN', shutdownReason: 'spindown', deadlineMs: 2 } as const;

let changes: string[];
let registry: ExtensionRegistry;
beforeEach(() => {
  changes = [];
  registry = new ExtensionRegistry({
    changed: ({ name, state }, errorType) => changes.push([name, state, errorType].filter(Boolean).join(' ')),
  });
});

/** Registers and asks for the first event. @returns what it gets, in order */
function ready(extension: Extension): ExtensionEvent[] {
  const events: ExtensionEvent[] = [];
  registry.next(extension.id, (event) => events.push(event));
  return events;
}

function errorTypeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { errorType: string }).errorType;
  }
  return 'none';
}

describe('registration', () => {
  it('is open to those the launcher started, and to nobody else until all of them have registered', () => {
    registry.externalsFirst = true;
    registry.started('a');
    expect(registry.complete).toBe(false);
    expect(errorTypeOf(() => registry.register('b', []))).toBe('Extension.InvalidExtensionName');
    expect(registry.register('a', ['INVOKE', 'SHUTDOWN']).external).toBe(true);
    expect(registry.complete).toBe(true);
    registry.externalsFirst = false;
    expect(registry.register('b', ['INVOKE']).external).toBe(false);
  });

  it('is refused a second time, with an unknown event, and SHUTDOWN from inside the runtime', () => {
    registry.register('a', []);
    expect(errorTypeOf(() => registry.register('a', []))).toBe('Extension.InvalidExtensionState');
    expect(errorTypeOf(() => registry.register('b', ['START']))).toBe('Extension.InvalidEventType');
    expect(errorTypeOf(() => registry.register('b', ['SHUTDOWN']))).toBe('Extension.InvalidEventType');
    expect(errorTypeOf(() => registry.register('', []))).toBe('Extension.InvalidExtensionName');
    expect(registry.register('b', []).state).toBe('Registered');
  });

  it('is refused from the eleventh on', () => {
    for (let index = 0; index < 10; index++) registry.register(`ext-${index}`, []);
    expect(errorTypeOf(() => registry.register('one-more', []))).toBe('Extension.TooManyExtensions');
  });

  it('is closed when init has ended', () => {
    registry.closeRegistration();
    expect(errorTypeOf(() => registry.register('late', []))).toBe('Extension.RegistrationClosed');
  });
});

describe('identifiers', () => {
  it('have to be there, to be UUIDs, and to be of one who registered', () => {
    registry.started('a');
    const [{ id }] = registry.all as [Extension];
    expect(errorTypeOf(() => registry.identified(undefined))).toBe('Extension.MissingExtensionIdentifier');
    expect(errorTypeOf(() => registry.identified('me'))).toBe('Extension.InvalidExtensionIdentifier');
    expect(errorTypeOf(() => registry.identified(id))).toBe('Extension.UnknownExtensionIdentifier');
    registry.register('a', []);
    expect(registry.identified(id).name).toBe('a');
  });
});

describe('events', () => {
  it('go to those who wait and have asked for their kind', () => {
    registry.started('both');
    const both = ready(registry.register('both', ['INVOKE', 'SHUTDOWN']));
    const neither = ready(registry.register('neither', []));
    registry.invoke(INVOKE);
    expect([both, neither]).toEqual([[INVOKE], []]);
    expect(changes).toEqual(['both Ready', 'neither Ready']);
  });

  it('are worked on until the extension asks for the next one', async () => {
    const extension = registry.register('a', ['INVOKE']);
    expect(registry.settled).toBe(false);
    ready(extension);
    expect(registry.settled).toBe(true);
    registry.invoke(INVOKE);
    expect(registry.settled).toBe(false);
    const settled = registry.when(() => registry.settled);
    ready(extension);
    await settled;
  });

  it('wait for an extension that is busy', () => {
    registry.started('a');
    const extension = registry.register('a', ['INVOKE', 'SHUTDOWN']);
    ready(extension);
    registry.invoke(INVOKE);
    registry.shutDown(SHUTDOWN);
    expect(ready(extension)).toEqual([SHUTDOWN]);
  });

  it('are kept when the connection of the one who waited is gone', () => {
    const extension = registry.register('a', ['INVOKE']);
    const lost: ExtensionEvent[] = [];
    registry.next(extension.id, (event) => lost.push(event))();
    registry.invoke(INVOKE);
    expect(lost).toEqual([]);
    expect(ready(extension)).toEqual([INVOKE]);
  });

  it('cannot be asked for twice at once, nor before registration', () => {
    const extension = registry.register('a', []);
    ready(extension);
    expect(errorTypeOf(() => ready(extension))).toBe('Extension.InvalidExtensionState');
  });
});

describe('a failure', () => {
  it.each([
    [0, 'Extension.Crash', 'exit code 0'],
    [1, 'Extension.Crash', 'exit status 1'],
    [137, 'Extension.Crash', 'signal: killed'],
    [126, 'Extension.LaunchError', 'fork/exec /opt/extensions/a: permission denied'],
    [127, 'Extension.LaunchError', 'fork/exec /opt/extensions/a: no such file or directory'],
  ])('of a process that ends with status %d before it registers is %s', async (status, errorType, reason) => {
    registry.started('a');
    registry.exited('a', status);
    expect(await registry.failed).toEqual({ errorType, reason });
  });

  it('that an extension reports needs a type, and comes before the exit that follows', async () => {
    registry.started('a');
    const { id } = registry.register('a', []);
    expect(errorTypeOf(() => registry.reportError(id, 'init', undefined))).toBe('Extension.MissingHeader');
    registry.reportError(id, 'init', 'Extension.NoConfig');
    registry.exited('a', 1);
    expect(await registry.failed).toEqual({ errorType: 'Extension.InitError', reason: 'Extension.NoConfig' });
    expect(changes).toEqual(['a InitError Extension.NoConfig']);
  });

  it('of init cannot be reported once the extension has asked for an event; one of exit can', async () => {
    const extension = registry.register('a', []);
    ready(extension);
    expect(errorTypeOf(() => registry.reportError(extension.id, 'init', 'X'))).toBe('Extension.InvalidExtensionState');
    registry.reportError(extension.id, 'exit', 'Extension.Lost');
    expect(await registry.failed).toEqual({ errorType: 'Extension.ExitError', reason: 'Extension.Lost' });
  });

  it('is none when the extension was told to shut down', () => {
    registry.started('a');
    ready(registry.register('a', ['SHUTDOWN']));
    registry.shutDown(SHUTDOWN);
    expect(registry.over).toBe(false);
    registry.exited('a', 1);
    expect(registry.over).toBe(true);
    expect(registry.failure).toBeUndefined();
  });
});
