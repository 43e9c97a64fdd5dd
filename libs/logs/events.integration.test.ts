import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import fc from 'fast-check';
import { BlockStore } from './block-store.js';
import { comparePositions } from './event-position.js';
import { EventReader, type EventQuery, type StoredEvent } from './event-reader.js';
import { GroupStore } from './group-store.js';
import { cutBlocks, eventBytes, type LogEvent } from './log-block.js';
import { MAX_PAGE_BYTES } from './limits.js';

const PLACE = { accountId: '000000000000', region: 'us-east-1' };

describe('events in blocks', () => {
  let server: TestDatabase;
  let database: Database;
  let groups: GroupStore;
  let blocks: BlockStore;
  let reader: EventReader;
  let made = 0;

  beforeAll(async () => {
    server = await createTestDatabase();
    database = new Database({ url: server.url, maxConnections: 4 });
    groups = new GroupStore(database);
    blocks = new BlockStore(database);
    reader = new EventReader(blocks);
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await server?.drop();
  });

  async function streams(count: number): Promise<{ groupId: string; ids: string[] }> {
    const group = `group-${made++}`;
    const ids = await groups.ensureStreams(Array.from({ length: count }, (_, place) => ({ name: { place: PLACE, group, stream: `stream-${place}` }, createGroup: true, createStream: true })));
    return { groupId: (await groups.group(PLACE, group)).id, ids: ids as string[] };
  }

  async function all(query: EventQuery): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let page = await reader.page(query); ; page = await reader.page({ ...query, [query.newestFirst ? 'before' : 'after']: page.next })) {
      expect(page.events.length).toBeLessThanOrEqual(query.limit);
      expect(page.events.reduce((sum, { message }) => sum + eventBytes(message), 0) <= MAX_PAGE_BYTES || page.events.length === 1).toBe(true);
      found.push(...page.events);
      if (page.next === undefined) return found;
    }
  }

  it('come in order of time, each once, whatever blocks they are in, in both directions, in pages of any size', async () => {
    const event = fc.record({ timestamp: fc.integer({ min: 0, max: 200_000 }), message: fc.string({ maxLength: 5 }) });
    const batch = fc.record({ stream: fc.nat({ max: 2 }), events: fc.array(event, { maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), fc.nat({ max: 200_000 }), fc.nat({ max: 100_000 }), async (batches, limit, from, width) => {
        const { groupId, ids } = await streams(3);
        for (const { stream, events } of batches) await blocks.append(cutBlocks(ids[stream]!, events), 1);
        const until = from + width;
        const inRange = ({ timestamp }: LogEvent) => timestamp >= from && timestamp < until;
        const whole = await all({ groupId, from, until, limit });
        expect(whole.map(({ message }) => message).sort()).toEqual(batches.flatMap(({ events }) => events.filter(inRange)).map(({ message }) => message).sort());
        expect([...whole].sort((a, b) => comparePositions(a.position, b.position))).toEqual(whole);
        const own = batches.filter(({ stream }) => stream === 0).flatMap(({ events }) => events.filter(inRange));
        const forwards = await all({ groupId, streamIds: [ids[0]!], from, until, limit });
        // Of the same time: in the order they came.
        expect(forwards.map(({ message }) => message)).toEqual([...own].sort((a, b) => a.timestamp - b.timestamp).map(({ message }) => message));
        expect(await all({ groupId, streamIds: [ids[0]!], from, until, limit, newestFirst: true })).toEqual(forwards.reverse());
        const two = await all({ groupId, streamIds: ids.slice(1), from, until, limit, accepts: (message) => message.includes('a') });
        expect(two.length).toBe(batches.filter(({ stream }) => stream > 0).flatMap(({ events }) => events.filter(inRange)).filter(({ message }) => message.includes('a')).length);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('fill a page to 1 MB, and the page after begins where it ended', async () => {
    const { groupId, ids } = await streams(1);
    const events = Array.from({ length: 40 }, (_, n) => ({ timestamp: n, message: `${n}:${'x'.repeat(100_000)}` }));
    await blocks.append(cutBlocks(ids[0]!, events), 1);
    const first = await reader.page({ groupId, from: 0, until: Infinity, limit: 10_000 });
    expect(first.events).toHaveLength(10);
    expect((await all({ groupId, from: 0, until: Infinity, limit: 10_000 })).map(({ message }) => message)).toEqual(events.map(({ message }) => message));
  });

  it('of a search that finds little come in pages that end early, empty if need be', async () => {
    const { groupId, ids } = await streams(1);
    for (let batch = 0; batch < 12; batch++) {
      const lines = Array.from({ length: 20 }, (_, n) => ({ timestamp: batch * 1_000 + n, message: batch === 11 && n === 19 ? 'needle' : 'hay'.repeat(33_000) }));
      await blocks.append(cutBlocks(ids[0]!, lines), 1);
    }
    const query = { groupId, from: 0, until: Infinity, limit: 10, accepts: (message: string) => message === 'needle' };
    const first = await reader.page(query);
    expect(first).toEqual({ events: [], next: expect.anything() });
    expect((await all(query)).map(({ timestamp }) => timestamp)).toEqual([11_019]);
  });

  it('of a stream that is gone are not stored, those of others are', async () => {
    const { groupId, ids } = await streams(2);
    await groups.deleteStream(groupId, 'stream-0');
    const stored = await blocks.append(ids.flatMap((id) => cutBlocks(id, [{ timestamp: 1, message: 'm' }])), 1);
    expect(stored).toEqual(new Set([ids[1]]));
    expect(await all({ groupId, from: 0, until: Infinity, limit: 10 })).toHaveLength(1);
  });
});
