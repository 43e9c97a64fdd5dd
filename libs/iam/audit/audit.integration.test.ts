import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import { LOST_EVENTS_ACTION, type AuditEvent, type RecordedEvent } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import { expireAuditEvents } from './audit-retention.js';
import { AuditTrail } from './audit-trail.js';

const START = Date.parse('2026-01-01T00:00:00Z');

let testDatabase: TestDatabase;
let database: Database;
let trail: AuditTrail;
let accounts = 100_000_000_000;
let accountId: string;
const errors: Error[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = new Database({ url: testDatabase.url, maxConnections: 4 });
  trail = new AuditTrail(database);
});
beforeEach(() => {
  accountId = String((accounts += 1));
  errors.length = 0;
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

function event(index: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    time: START + index,
    accountId,
    principalArn: `arn:aws:iam::${accountId}:user/u`,
    region: 'us-east-1',
    service: 'lambda',
    action: 'lambda:Invoke',
    resource: '*',
    requestId: `r${index}`,
    ...more,
  };
}

function newLog(maxPending?: number): AuditLog {
  return new AuditLog({ database, onError: (error) => errors.push(error), ...(maxPending === undefined ? {} : { maxPending }) });
}

async function all(): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const one of trail.export({ accountId })) events.push(one);
  return events;
}

/** Waits for a condition with a deadline. */
async function until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Writes fail until the returned function is called. */
async function breakTable(): Promise<() => Promise<void>> {
  await database.pool.query('ALTER TABLE audit_events RENAME TO audit_events_away');
  return async () => void (await database.pool.query('ALTER TABLE audit_events_away RENAME TO audit_events'));
}

it('events are stored soon, with all they say, without anybody waiting', async () => {
  const log = newLog();
  const full = event(1, {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    sourceIp: '192.0.2.1',
    userAgent: 'aws-cli',
    errorCode: 'AccessDeniedException',
  });
  expect(log.record(full)).toBeUndefined();
  log.record(event(2));
  await until(async () => (await all()).length === 2, 5_000);
  expect(await all()).toEqual([
    { ...event(2), id: expect.any(String) },
    { ...full, id: expect.any(String) },
  ]);
  await log.stop();
});

it('events are found by time, principal and action, a page at a time', async () => {
  const log = newLog();
  for (let index = 0; index < 25; index += 1)
    log.record(event(index, index % 5 === 0 ? { action: 'lambda:CreateFunction', principalArn: 'p' } : {}));
  log.record(event(3, { accountId: '999999999999' }));
  await log.flush();
  const ids = (events: RecordedEvent[]) => events.map(({ requestId }) => requestId);
  expect(ids((await trail.query({ accountId, from: START + 3, to: START + 6 })).events)).toEqual(['r5', 'r4', 'r3']);
  expect(ids((await trail.query({ accountId, action: 'lambda:CreateFunction' })).events)).toEqual([
    'r20',
    'r15',
    'r10',
    'r5',
    'r0',
  ]);
  expect(ids((await trail.query({ accountId, principalArn: 'p', to: START + 11 })).events)).toEqual(['r10', 'r5', 'r0']);
  const first = await trail.query({ accountId }, { limit: 10 });
  const second = await trail.query({ accountId }, { limit: 10, after: first.next! });
  const third = await trail.query({ accountId }, { limit: 10, after: second.next! });
  expect(ids([...first.events, ...second.events, ...third.events])).toEqual(
    Array.from({ length: 25 }, (_value, index) => `r${24 - index}`),
  );
  expect(third.next).toBeUndefined();
});

it('an export has every event, also of one moment', async () => {
  const log = newLog();
  for (let index = 0; index < 2_500; index += 1) log.record(event(7, { requestId: `r${index}` }));
  await log.flush();
  expect(new Set((await all()).map(({ requestId }) => requestId)).size).toBe(2_500);
});

it('nothing can change or remove what was recorded', async () => {
  const log = newLog();
  log.record(event(1));
  await log.flush();
  for (const statement of ["UPDATE audit_events SET action = 'x'", 'DELETE FROM audit_events', 'TRUNCATE audit_events']) {
    await expect(database.pool.query(statement)).rejects.toThrow('audit_events is append-only');
  }
  expect(await all()).toHaveLength(1);
});

it('what could not be written is tried again and stored once', async () => {
  const log = newLog();
  const mend = await breakTable();
  log.record(event(1));
  await expect(log.flush()).rejects.toMatchObject({ name: 'InfrastructureError' });
  expect(errors[0]!.message).toContain('tried again');
  await mend();
  await until(async () => (await all()).length === 1, 5_000);
  await log.stop();
  expect(await all()).toHaveLength(1);
});

it('what found no room is counted, told, and stands in the trail as missing', async () => {
  const log = newLog(10);
  const mend = await breakTable();
  for (let index = 0; index < 15; index += 1) log.record(event(index));
  expect(errors.map(({ message }) => message)).toEqual(['10 audit events wait to be written; further ones are only counted']);
  await mend();
  await log.flush();
  const events = await all();
  expect(events).toHaveLength(11);
  expect(events.filter(({ action }) => action === LOST_EVENTS_ACTION)).toMatchObject([{ resource: '5', accountId }]);
});

it('the end of the process writes what waits, or tells how much was lost', async () => {
  const log = newLog();
  log.record(event(1));
  await log.stop();
  expect(await all()).toHaveLength(1);
  const unlucky = newLog();
  const mend = await breakTable();
  unlucky.record(event(2));
  await unlucky.stop();
  await mend();
  expect(errors.at(-1)!.message).toBe('1 audit events were lost at the end of the process');
}, 15_000);

it('a text that Postgres cannot store does not hold up the others', async () => {
  const log = newLog();
  log.record(event(1, { userAgent: 'a\0b\uD800c', resource: 'x'.repeat(100_000) }));
  log.record(event(2));
  await log.flush();
  expect(await all()).toMatchObject([{ requestId: 'r2' }, { userAgent: 'a\uFFFDb\uFFFDc', resource: 'x'.repeat(2_048) }]);
});

it('an event that can never be stored is told and does not hold up the others', async () => {
  const log = newLog();
  for (let index = 0; index < 5; index += 1) log.record(event(index));
  log.record(event(5, { accountId: 'far more than twelve digits' }));
  await log.flush();
  expect(await all()).toHaveLength(5);
  expect(errors.map(({ message }) => message)).toEqual([
    expect.stringContaining('An audit event cannot be stored and is lost: {'),
  ]);
});

describe('retention', () => {
  const DAY_MS = 86_400_000;
  const daysAgo = (days: number) => ({ time: Date.now() - days * DAY_MS, requestId: `${days}` });
  const left = async () => (await all()).map(({ requestId }) => requestId);

  beforeEach(async () => {
    const log = newLog();
    for (const days of [0, 0.5, 29, 31, 400]) log.record(event(0, daysAgo(days)));
    await log.stop();
  });

  it('removes what is older, and nothing else', async () => {
    await expireAuditEvents(database, 30);
    expect(await left()).toEqual(['0', '0.5', '29']);
    expect(await expireAuditEvents(database, 30)).toBe(0);
  });

  it('leaves the trail append-only for everybody, also in the session that removed something', async () => {
    const client = await database.pool.connect();
    try {
      await client.query("SELECT hearth_expire_audit_events(now() - interval '30 days', 100)");
      await expect(client.query('DELETE FROM audit_events')).rejects.toThrow('audit_events is append-only');
      await expect(client.query("DELETE FROM audit_events WHERE time < now() - interval '1 day'")).rejects.toThrow('audit_events is append-only');
      await expect(client.query('TRUNCATE audit_events')).rejects.toThrow('audit_events is append-only');
    } finally {
      client.release();
    }
    expect(await left()).toEqual(['0', '0.5', '29']);
  });

  it('never removes the last day', async () => {
    await expect(expireAuditEvents(database, 0)).rejects.toThrow('not older than its retention');
    expect(await left()).toHaveLength(5);
  });

  it('ends when it is stopped', async () => {
    expect(await expireAuditEvents(database, 30, AbortSignal.abort())).toBe(0);
    expect(await left()).toHaveLength(5);
  });
});
