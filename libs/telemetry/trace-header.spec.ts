import { makeTraceHeader, parseTraceHeader } from './index.js';

describe('X-Amzn-Trace-Id', () => {
  it('gives the trace id that OpenTelemetry uses', () => {
    expect(parseTraceHeader('Root=1-5759E988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0')).toEqual({
      traceId: '5759e988bd862e3fe1be46a994272793',
      parentId: '53995c3f42cd8ad8',
      sampled: true,
    });
    expect(parseTraceHeader('Sampled=0; Root=1-5759e988-bd862e3fe1be46a994272793')).toEqual({ traceId: '5759e988bd862e3fe1be46a994272793', sampled: false });
  });

  it.each([undefined, '', 'Root=', 'Root=1-xyz-bd862e3fe1be46a994272793', 'Root=2-5759e988-bd862e3fe1be46a994272793', 'Root=1-5759e988-bd862e3fe1be46a9942727931'])(
    'is ignored without a valid root: %s',
    (text) => expect(parseTraceHeader(text)).toBeUndefined(),
  );

  it('is made with the time and a root of its own', () => {
    const headers = Array.from({ length: 1000 }, () => makeTraceHeader(1_700_000_000_000));
    expect(new Set(headers).size).toBe(1000);
    for (const header of headers) expect(header).toMatch(/^Root=1-6553f100-[0-9a-f]{24}$/);
  });
});
