import { WarmRecord } from './warm-record.js';

describe('the record of warm sandboxes', () => {
  it('knows as many as ran at a time, less those that run now', () => {
    const record = new WarmRecord(60_000);
    expect(record.warmFree('w', 'k')).toBeUndefined();
    record.started('w', 'k');
    record.started('w', 'k');
    expect(record.warmFree('w', 'k')).toBe(0);
    expect(record.runningOn('w')).toBe(2);
    record.ended('w', 'k', true);
    expect(record.warmFree('w', 'k')).toBe(1);
    record.ended('w', 'k', true);
    expect(record.warmFree('w', 'k')).toBe(2);
    record.started('w', 'k');
    expect(record.warmFree('w', 'k')).toBe(1);
  });

  it('does not count a sandbox that died, nor one that was idle for too long, nor those of a worker that is gone', () => {
    const record = new WarmRecord(60_000);
    record.started('w', 'k');
    record.ended('w', 'k', false);
    expect(record.warmFree('w', 'k')).toBe(0);
    const shortLived = new WarmRecord(-1);
    shortLived.started('w', 'k');
    shortLived.ended('w', 'k', true);
    expect(shortLived.warmFree('w', 'k')).toBe(0);
    record.started('w', 'other');
    record.forgetWorker('w');
    expect(record.warmFree('w', 'other')).toBeUndefined();
    expect(record.runningOn('w')).toBe(0);
  });
});
