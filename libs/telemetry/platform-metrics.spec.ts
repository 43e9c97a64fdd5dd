import { PlatformMetrics } from './index.js';

describe('platform metrics', () => {
  it('count per account and function', () => {
    const metrics = new PlatformMetrics();
    metrics.invocation('111111111111', 'f', 'sync', { status: 'success', coldStart: true, durationMs: 4 });
    metrics.invocation('111111111111', 'f', 'event', { status: 'timeout', coldStart: false, durationMs: 3000 });
    metrics.invocation('222222222222', 'f', 'sync', { status: 'error', coldStart: false, durationMs: 1 });
    metrics.eventDropped('111111111111', 'f', 'RetriesExhausted');
    expect(metrics.functions.get('111111111111')?.get('f')).toMatchObject({ invocations: { sync: 1, event: 1 }, errors: { error: 0, timeout: 1 }, coldStarts: 1 });
    expect(metrics.functions.get('222222222222')?.get('f')).toMatchObject({ invocations: { sync: 1, event: 0 }, errors: { error: 1, timeout: 0 } });
    expect(metrics.functions.get('111111111111')?.get('f')?.eventsDropped.get('RetriesExhausted')).toBe(1);
    expect(metrics.duration.sync.count).toBe(2);
  });

  it('stay bounded: functions beyond 10,000 share a series', () => {
    const metrics = new PlatformMetrics();
    for (let i = 0; i < 10_100; i++) metrics.throttle('111111111111', `f${i}`);
    expect(metrics.functions.get('111111111111')?.size).toBe(10_001);
    expect(metrics.functions.get('111111111111')?.get('(other)')?.throttles).toBe(100);
  });

  it('forget deleted functions', () => {
    const metrics = new PlatformMetrics();
    metrics.throttle('111111111111', 'f');
    metrics.forget('111111111111', 'f');
    expect(metrics.functions.get('111111111111')?.size).toBe(0);
  });
});
