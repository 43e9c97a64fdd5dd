import { createServer, connect as connectTo, type AddressInfo } from 'node:net';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { TelemetryBuffer, MAX_WAITING_BYTES } from './telemetry-buffer.js';
import type { TelemetryEvent } from './telemetry-event.js';
import { TelemetryHub } from './telemetry-hub.js';
import { parseSubscription } from './telemetry-subscription.js';

const RULES = { maxItems: 1_000, maxBytes: 262_144, timeoutMs: 25 };
const event = (record: string): TelemetryEvent => ({ time: '2026-01-02T03:04:05.678Z', type: 'function', record });
const body = (changes: object = {}) => ({
  schemaVersion: '2022-07-01',
  types: ['function'],
  destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080/path' },
  ...changes,
});

describe('a subscription', () => {
  it('has the default buffering', () => {
    expect(parseSubscription(body(), 'Telemetry')).toEqual({
      schemaVersion: '2022-07-01',
      types: ['function'],
      destination: { protocol: 'HTTP', port: 8_080, path: '/path', host: 'sandbox.localdomain:8080' },
      buffering: { maxItems: 10_000, maxBytes: 262_144, timeoutMs: 1_000 },
    });
  });

  it.each<[string, object]>([
    ['no known schema', { schemaVersion: '2021-03-18' }],
    ['no types', { types: [] }],
    ['an unknown type', { types: ['function', 'metrics'] }],
    ['no destination', { destination: undefined }],
    ['a destination outside the sandbox', { destination: { protocol: 'HTTP', URI: 'http://169.254.169.254/latest' } }],
    ['the port of the Runtime API', { destination: { protocol: 'TCP', port: 9_001 } }],
    ['HTTPS', { destination: { protocol: 'HTTP', URI: 'https://sandbox.localdomain:8080' } }],
    ['too few items', { buffering: { maxItems: 999 } }],
    ['too many bytes', { buffering: { maxBytes: 1_048_577 } }],
    ['a short timeout', { buffering: { timeoutMs: 24 } }],
  ])('is refused with %s', (_what, changes) => {
    expect(() => parseSubscription(body(changes), 'Telemetry')).toThrow(
      expect.objectContaining({ errorType: 'ValidationError', status: 400 }),
    );
  });

  it('of the Logs API needs no schema version', () => {
    expect(parseSubscription(body({ schemaVersion: undefined }), 'Logs').schemaVersion).toBe('2020-08-15');
  });
});

describe('the buffer', () => {
  it('is due with its last item, with its last byte, and in time', async () => {
    let due = 0;
    let timely!: () => void;
    const inTime = new Promise<void>((resolve) => (timely = resolve));
    const buffer = new TelemetryBuffer(RULES, () => {
      due += 1;
      timely();
    });
    for (let index = 0; index < 999; index++) buffer.add(event(`${index}`));
    expect(due).toBe(0);
    buffer.add(event('the thousandth'));
    expect([due, buffer.take()?.items.length]).toEqual([1, 1_000]);
    buffer.add(event('x'.repeat(262_144)));
    expect([due, buffer.take()?.items.length]).toEqual([2, 1]);
    buffer.add(event('alone'));
    await inTime;
    buffer.close();
  });

  it('never makes a batch larger than maxBytes of events that fit', () => {
    const buffer = new TelemetryBuffer(RULES, () => undefined);
    for (let index = 0; index < 10; index++) buffer.add(event('x'.repeat(100_000)));
    buffer.complete();
    for (let batch = buffer.take(); batch; batch = buffer.take()) expect(batch.bytes).toBeLessThanOrEqual(262_144);
    expect(buffer.empty).toBe(true);
  });

  it('drops what comes when too much waits, and counts it once', () => {
    const buffer = new TelemetryBuffer(RULES, () => undefined);
    const size = 100_000;
    const fit = Math.floor(MAX_WAITING_BYTES / size);
    for (let index = 0; index < fit + 5; index++) buffer.add(event('x'.repeat(size)));
    expect(buffer.losses()?.records).toBeGreaterThanOrEqual(5);
    expect(buffer.losses()).toBeUndefined();
    buffer.close();
  });
});

describe('delivery', () => {
  const hubs: TelemetryHub[] = [];
  const hubTo = (port: number, destination: object): TelemetryHub => {
    const hub = new TelemetryHub(() => Date.UTC(2026, 0, 2));
    hub.add('function', 'before the subscription');
    hub.add('platform.start', {});
    hub.subscribe('a', parseSubscription(body({ destination, buffering: { timeoutMs: 25 } }), 'Telemetry'), async () =>
      connectTo(port, '127.0.0.1'),
    );
    hub.closeSubscription();
    hubs.push(hub);
    return hub;
  };
  afterEach(() => hubs.splice(0).forEach((hub) => hub.close()));

  it('brings what happened before the subscription, of the streams asked for, and sends again what was not taken', async () => {
    const batches: TelemetryEvent[][] = [];
    let refusals = 2;
    const server = createHttpServer((request: IncomingMessage, response: ServerResponse) => {
      let text = '';
      request.on('data', (chunk) => (text += chunk));
      request.on('end', () => {
        response.statusCode = refusals-- > 0 ? 500 : 200;
        if (response.statusCode === 200) batches.push(JSON.parse(text));
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const hub = hubTo((server.address() as AddressInfo).port, { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080/path' });
    hub.add('function', 'after');
    await hub.flush();
    expect(batches.flat().map(({ record }) => record)).toEqual(['before the subscription', 'after']);
    expect(hub.quiet).toBe(true);
    hub.close();
    server.close();
  });

  it('tells of what nobody took', async () => {
    const lines: string[] = [];
    const server = createServer((socket) => socket.on('data', (chunk) => lines.push(...chunk.toString().trimEnd().split('\n'))));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let refuse = true;
    const hub = new TelemetryHub(() => Date.UTC(2026, 0, 2));
    hub.subscribe('a', parseSubscription(body({ destination: { protocol: 'TCP', port: 8_080 } }), 'Telemetry'), () =>
      refuse ? Promise.reject(new Error('connection refused')) : Promise.resolve(connectTo(port, '127.0.0.1')),
    );
    hubs.push(hub);
    hub.add('function', 'lost');
    await hub.flush();
    refuse = false;
    hub.add('function', 'found');
    await hub.flush();
    while (lines.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'platform.logsDropped', record: { droppedRecords: 1 } },
      { type: 'function', record: 'found' },
    ]);
    hub.close();
    server.close();
  });

  it('waits while the sandbox is frozen', async () => {
    let asked = 0;
    const hub = new TelemetryHub(() => Date.UTC(2026, 0, 2));
    hub.subscribe('a', parseSubscription(body({ destination: { protocol: 'TCP', port: 8_080 } }), 'Telemetry'), () => {
      asked += 1;
      return Promise.reject(new Error('connection refused'));
    });
    hubs.push(hub);
    hub.freeze();
    hub.add('function', 'x');
    const flushed = hub.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect([asked, hub.quiet]).toEqual([0, false]);
    hub.thaw();
    await flushed;
    expect(asked).toBeGreaterThan(1);
  });

  it('keeps nothing when init has ended without a subscription', () => {
    const hub = new TelemetryHub(() => 0);
    expect(hub.collecting).toBe(true);
    hub.closeSubscription();
    expect(hub.collecting).toBe(false);
  });
});
