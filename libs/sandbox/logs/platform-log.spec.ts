import type { FunctionSpec } from '../function-spec.js';
import { billedDuration, platformLines, reportLine } from './platform-log.js';
import { logStreamName } from './sandbox-log.js';

const text = { logFormat: 'Text', version: '$LATEST', memoryMb: 128, runtime: 'python3.12', region: 'eu-west-1', functionName: 'f' } as FunctionSpec;
const report = { requestId: 'ID', status: 'success', durationMs: 2.31, billedDurationMs: 85, maxMemoryUsedMb: 38, initDurationMs: 82.04 } as const;

describe('platform lines', () => {
  it('in text are those of Lambda', () => {
    expect(reportLine(report, 128)).toBe('REPORT RequestId: ID\tDuration: 2.31 ms\tBilled Duration: 85 ms\tMemory Size: 128 MB\tMax Memory Used: 38 MB\tInit Duration: 82.04 ms\t');
    expect(platformLines({ type: 'start', requestId: 'ID' }, text, 0)).toEqual(['START RequestId: ID Version: $LATEST']);
    expect(platformLines({ type: 'runtimeDone', requestId: 'ID', status: 'success', durationMs: 1, producedBytes: 0 }, text, 0)).toEqual(['END RequestId: ID']);
    expect(platformLines({ type: 'initStart', phase: 'init' }, text, 0)[0]).toMatch(/^INIT_START Runtime Version: python:3\.12\.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:[0-9a-f]{64}$/);
    expect(platformLines({ type: 'initReport', phase: 'init', status: 'timeout', durationMs: 10_000 }, text, 0)).toEqual(['INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout']);
  });

  it('say why an invocation failed', () => {
    expect(reportLine({ ...report, initDurationMs: undefined, status: 'timeout', errorType: 'Sandbox.Timedout' }, 128)).toMatch(/Max Memory Used: 38 MB\tStatus: timeout\t$/);
    expect(reportLine({ ...report, initDurationMs: undefined, status: 'failure', errorType: 'Runtime.ExitError' }, 128)).toMatch(/\tStatus: error\tError Type: Runtime\.ExitError\t$/);
  });

  it('in JSON are filtered by the system log level', () => {
    const types = (systemLogLevel: string | undefined, status: 'success' | 'failure') => {
      const spec = { ...text, logFormat: 'JSON', systemLogLevel } as FunctionSpec;
      const events = [{ type: 'start', requestId: 'ID' }, { type: 'runtimeDone', requestId: 'ID', status, durationMs: 1, producedBytes: 0 }, { ...report, type: 'report', status }] as const;
      return events.flatMap((event) => platformLines(event, spec, 0)).map((line) => JSON.parse(line).type);
    };
    expect(types(undefined, 'success')).toEqual(['platform.start', 'platform.report']);
    expect(types('DEBUG', 'success')).toEqual(['platform.start', 'platform.runtimeDone', 'platform.report']);
    expect(types('WARN', 'success')).toEqual([]);
    expect(types('WARN', 'failure')).toEqual(['platform.runtimeDone', 'platform.report']);
  });

  it('in JSON carry the record of the specification', () => {
    expect(JSON.parse(platformLines({ type: 'report', ...report }, { ...text, logFormat: 'JSON' }, 0)[0]!)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      type: 'platform.report',
      record: { requestId: 'ID', status: 'success', metrics: { durationMs: 2.31, billedDurationMs: 85, memorySizeMB: 128, maxMemoryUsedMB: 38, initDurationMs: 82.04 } },
    });
  });
});

it('bills whole milliseconds of init and duration together', () => {
  expect(billedDuration(2.31, 82.04)).toBe(85);
  expect(billedDuration(3)).toBe(3);
  expect(billedDuration(0.1 + 0.2, 0.7)).toBe(1);
});

it('names a log stream by day, version and sandbox', () => {
  expect(logStreamName('7', 'ab'.repeat(16), Date.UTC(2026, 0, 2))).toBe(`2026/01/02/[7]${'ab'.repeat(16)}`);
});
