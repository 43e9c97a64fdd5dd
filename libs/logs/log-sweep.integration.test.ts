import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import { BlockStore } from './block-store.js';
import { GroupStore } from './group-store.js';
import { cutBlocks } from './log-block.js';
import { DAY_MS } from './limits.js';
import { LogSweep } from './log-sweep.js';

const PLACE = { accountId: '000000000000', region: 'us-east-1' };
const NOW = Date.UTC(2026, 0, 31);

describe('the sweep of logs', () => {
  let server: TestDatabase;
  let database: Database;
  let groups: GroupStore;
  let blocks: BlockStore;
  let sweep: LogSweep;

  beforeAll(async () => {
    server = await createTestDatabase();
    database = new Database({ url: server.url, maxConnections: 4 });
    groups = new GroupStore(database);
    blocks = new BlockStore(database);
    sweep = new LogSweep({ database, clock: { now: () => NOW } }, new AbortController().signal);
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await server?.drop();
  });

  async function put(group: string, stream: string, ...daysAgo: number[]): Promise<string> {
    const [id] = await groups.ensureStreams([{ name: { place: PLACE, group, stream }, createGroup: true, createStream: true }]);
    for (const days of daysAgo) await blocks.append(cutBlocks(id!, [{ timestamp: NOW - days * DAY_MS, message: 'm' }]), NOW - days * DAY_MS);
    return (await groups.group(PLACE, group)).id;
  }
  const left = async (groupId: string) => (await database.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM log_blocks WHERE group_id = $1', [groupId])).rows[0]!.count;

  it('removes what is older than the retention, and function streams with it', async () => {
    const kept = await put('kept', 'a', 400, 20, 2);
    const short = await put('short', 'mixed', 20, 8, 6);
    await put('short', 'old', 30, 9);
    await groups.createStream(short, 'empty');
    await groups.setRetention(short, 7);
    expect(await sweep.sweep()).toBe(4);
    expect([await left(kept), await left(short)]).toEqual([3, 1]);
    const streams = await groups.listStreams(short, { byLastEvent: false, descending: false, limit: 10 });
    expect(streams.map(({ name }) => name)).toEqual(['empty', 'mixed']);
    expect((await groups.listGroups(PLACE, { prefix: 'short', limit: 1 }))[0]!.bytes).toBe('27');
    expect(await sweep.sweep()).toBe(0);
  });

  it('removes what was deleted', async () => {
    const group = await put('gone', 'a', 1, 2);
    await put('gone', 'b', 1);
    await groups.deleteStream(group, 'a');
    expect(await left(group)).toBe(3);
    await sweep.sweep();
    expect(await left(group)).toBe(1);
    await groups.deleteGroup(PLACE, 'gone');
    await sweep.sweep();
    expect(await left(group)).toBe(0);
    expect((await database.pool.query('SELECT 1 FROM log_purges')).rowCount).toBe(0);
  });
});
