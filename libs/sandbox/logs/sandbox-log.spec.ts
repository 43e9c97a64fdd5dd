import { specFor } from '../testing/bench.js';
import { TelemetryHub } from '../telemetry-api/telemetry-hub.js';
import { SandboxLog } from './sandbox-log.js';

class Heard extends TelemetryHub {
  readonly events: [type: string, record: unknown][] = [];

  override add(type: string, record: unknown): void {
    this.events.push([type, record]);
  }
}

function logOf(logFormat: 'Text' | 'JSON') {
  const hub = new Heard(() => 0);
  const log = new SandboxLog(
    specFor('node', { logFormat, systemLogLevel: 'WARN' }),
    'stream',
    { write: () => undefined },
    { now: () => 0 },
    'on-demand',
    hub,
  );
  return { hub, log };
}

describe('what telemetry hears of the log', () => {
  it("is every line of the function and its extensions, each as such, and the platform's events whatever the log's level", () => {
    const { hub, log } = logOf('JSON');
    log.receive(Buffer.from('{"level":"INFO"}\n{no object\n'));
    log.receiveFromExtensions(Buffer.from('{"mine":1}\n'));
    log.platform({ type: 'start', requestId: 'r', traceHeader: 'Root=1-2-3;Parent=53995c3f42cd8ad8;Sampled=1' });
    expect(hub.events).toEqual([
      ['function', { level: 'INFO' }],
      ['function', '{no object'],
      ['extension', '{"mine":1}'],
      [
        'platform.start',
        {
          requestId: 'r',
          version: '$LATEST',
          tracing: { spanId: '53995c3f42cd8ad8', type: 'X-Amzn-Trace-Id', value: 'Root=1-2-3;Parent=53995c3f42cd8ad8;Sampled=1' },
        },
      ],
    ]);
  });

  it('is text in the text format', () => {
    const { hub, log } = logOf('Text');
    log.receive(Buffer.from('{"level":"INFO"}\n'));
    expect(hub.events).toEqual([['function', '{"level":"INFO"}']]);
  });

  it('is nothing once nobody can subscribe any more', () => {
    const { hub, log } = logOf('Text');
    hub.closeSubscription();
    log.receive(Buffer.from('line\n'));
    log.platform({ type: 'start', requestId: 'r' });
    expect(hub.events).toEqual([]);
  });
});
