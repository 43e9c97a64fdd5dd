import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import { systemClock } from '@hearth/kernel';
import { BlockStore } from './block-store.js';
import type { RoleRights } from './delivery-rights.js';
import { EventReader } from './event-reader.js';
import { GroupStore } from './group-store.js';
import type { LogEvent } from './log-block.js';
import { LogWriter, type LogTrouble } from './log-writer.js';

const PLACE = { accountId: '000000000000', region: 'us-east-1' };
const OWNER = { functionName: 'f', roleArn: 'arn:aws:iam::000000000000:role/r' };
const line = (timestamp: number, message: string): LogEvent => ({ timestamp, message });

describe('the log writer', () => {
  let server: TestDatabase;
  let database: Database;
  let groups: GroupStore;
  let blocks: BlockStore;
  let writer: LogWriter;
  let troubles: LogTrouble[];
  /** What the role may do. */
  let rights: RoleRights;

  beforeAll(async () => {
    server = await createTestDatabase();
    database = new Database({ url: server.url, maxConnections: 4 });
    groups = new GroupStore(database);
    blocks = new BlockStore(database);
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await server?.drop();
  });
  beforeEach(() => {
    troubles = [];
    rights = () => true;
    writer = new LogWriter({ blocks, groups, clock: systemClock, rights: (...asked) => rights(...asked), report: (trouble) => troubles.push(trouble) });
  });
  afterEach(() => writer.close(0));

  const write = (group: string, stream: string, lines: LogEvent[]) => writer.write({ place: PLACE, group, stream }, OWNER, lines);

  async function stored(group: string, stream?: string): Promise<string[]> {
    const { id } = await groups.group(PLACE, group);
    const streamIds = stream === undefined ? undefined : await groups.streamIds(id, [stream], undefined);
    const page = await new EventReader(blocks).page({ groupId: id, streamIds, from: 0, until: Infinity, limit: 10_000 });
    return page.events.map(({ message }) => message);
  }

  it('makes groups and streams, and keeps the order of each stream even when the clock goes back', async () => {
    write('made', 'one', [line(5, 'a'), line(3, 'b')]);
    write('made', 'two', [line(4, 'x')]);
    write('made', 'one', [line(4, 'c')]);
    await writer.flush();
    write('made', 'one', [line(2, 'd')]);
    await writer.flush();
    expect(await stored('made', 'one')).toEqual(['a', 'b', 'c', 'd']);
    expect(await stored('made')).toEqual(['x', 'a', 'b', 'c', 'd']);
    expect(troubles).toEqual([]);
  });

  it('stores without being asked to', async () => {
    write('by-itself', 'one', [line(1, 'a')]);
    const deadline = Date.now() + 5_000;
    while ((await database.pool.query("SELECT 1 FROM log_blocks b JOIN log_groups g ON g.id = b.group_id WHERE g.name = 'by-itself'")).rowCount === 0) {
      expect(Date.now()).toBeLessThan(deadline);
    }
  });

  it('makes a stream again that was deleted under it', async () => {
    write('again', 'one', [line(1, 'a')]);
    await writer.flush();
    await groups.deleteGroup(PLACE, 'again');
    write('again', 'one', [line(2, 'b')]);
    await writer.flush();
    expect(await stored('again')).toEqual(['b']);
    expect(troubles).toEqual([]);
  });

  /** Runs `work` while no statement that stores lines comes to an end. */
  async function whileNothingIsStored(work: () => Promise<void>): Promise<void> {
    const holder = await database.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE log_blocks');
      await work();
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  }

  /** Ends the connection of a statement that waits to store lines. */
  async function breakConnection(): Promise<void> {
    const find = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO log_blocks%'";
    for (const deadline = Date.now() + 5_000; (await database.pool.query(find)).rowCount === 0; ) expect(Date.now()).toBeLessThan(deadline);
  }

  it('keeps lines while Postgres is away, tells it once, and stores them in order afterwards', async () => {
    let flushed: Promise<void> | undefined;
    await whileNothingIsStored(async () => {
      write('outage', 'one', [line(1, 'a')]);
      flushed = writer.flush();
      write('outage', 'one', [line(2, 'b')]);
      await breakConnection();
      await breakConnection();
    });
    await flushed;
    expect(await stored('outage')).toEqual(['a', 'b']);
    expect(troubles).toEqual([{ kind: 'delayed', error: expect.any(Error) }, { kind: 'recovered' }]);
  });

  it('bounds what waits for each stream, and says in the log and to the operator what is lost', async () => {
    const message = 'x'.repeat(1_000_000);
    write('flood', 'loud', Array.from({ length: 20 }, (_, n) => line(n, message)));
    write('flood', 'quiet', [line(1, 'quiet')]);
    await writer.flush();
    expect(await stored('flood', 'quiet')).toEqual(['quiet']);
    const { rows } = await database.pool.query<{ lines: Buffer }>(
      "SELECT lines FROM log_blocks b JOIN log_streams s ON s.id = b.stream_id WHERE s.name = 'loud' ORDER BY b.id DESC LIMIT 1",
    );
    expect(rows[0]!.lines.toString()).toContain('hearth: 12 lines of this log were lost here');
    expect(troubles).toEqual([{ kind: 'overflowing' }, { kind: 'lost', lines: 12 }]);
  });

  it('says what is lost when it has to end while Postgres hangs', async () => {
    write('hangs', 'one', [line(1, 'a')]);
    await writer.flush();
    await whileNothingIsStored(async () => {
      write('hangs', 'one', [line(2, 'b'), line(3, 'c')]);
      await writer.close(50);
      expect(troubles.at(-1)).toEqual({ kind: 'lost', lines: 2 });
    });
  });

  it('does not try for ever what Postgres refuses', async () => {
    write('refused', 'x\0y', [line(1, 'a')]);
    await writer.flush();
    expect(troubles).toEqual([{ kind: 'lost', lines: 1, error: expect.objectContaining({ code: '22021' }) }]);
  });

  describe('of a function whose role does not allow it', () => {
    const denied = (action: string, group: string, lines: number) => ({ kind: 'denied', accountId: PLACE.accountId, owner: OWNER, action, group, lines });

    it('stores nothing, and says which right is missing', async () => {
      rights = (_account, _role, { action }) => action !== 'logs:PutLogEvents';
      write('silent', 'one', [line(1, 'a'), line(2, 'b')]);
      await writer.flush();
      await expect(groups.group(PLACE, 'silent')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
      expect(troubles).toEqual([denied('logs:PutLogEvents', 'silent', 2)]);
    });

    it('asks in the name of the role, for the resources that policies name', async () => {
      const asked: unknown[] = [];
      rights = (accountId, roleArn, { action, resource }) => asked.push([accountId, roleArn, action, resource]) > 0;
      write('asked', 'one', [line(1, 'a')]);
      await writer.flush();
      const arn = 'arn:aws:logs:us-east-1:000000000000:log-group:asked:log-stream:';
      expect(asked).toEqual([
        [PLACE.accountId, OWNER.roleArn, 'logs:PutLogEvents', `${arn}one`],
        [PLACE.accountId, OWNER.roleArn, 'logs:CreateLogGroup', arn],
        [PLACE.accountId, OWNER.roleArn, 'logs:CreateLogStream', `${arn}one`],
      ]);
    });

    it('makes no group without the right to, and uses one that somebody made', async () => {
      rights = (_account, _role, { action }) => action !== 'logs:CreateLogGroup';
      write('prepared', 'one', [line(1, 'a')]);
      await writer.flush();
      expect(troubles).toEqual([denied('logs:CreateLogGroup', 'prepared', 1)]);
      await groups.createGroup(PLACE, 'prepared', { logGroupClass: 'STANDARD', deletionProtection: false, tags: {} });
      write('prepared', 'one', [line(2, 'b')]);
      await writer.flush();
      expect(await stored('prepared', 'one')).toEqual(['b']);
    });

    it('makes no stream without the right to', async () => {
      await groups.createGroup(PLACE, 'streamless', { logGroupClass: 'STANDARD', deletionProtection: false, tags: {} });
      rights = (_account, _role, { action }) => action !== 'logs:CreateLogStream';
      write('streamless', 'one', [line(1, 'a')]);
      write('elsewhere', 'one', [line(1, 'x')]);
      await writer.flush();
      expect(troubles).toEqual([denied('logs:CreateLogStream', 'streamless', 1), denied('logs:CreateLogStream', 'elsewhere', 1)]);
    });

    it('follows the next decision', async () => {
      let allowed = false;
      rights = () => allowed;
      write('later', 'one', [line(1, 'a')]);
      await writer.flush();
      allowed = true;
      write('later', 'one', [line(2, 'b')]);
      await writer.flush();
      expect(await stored('later', 'one')).toEqual(['b']);
    });

    it('keeps lines while policies cannot be read', async () => {
      let failures = 1;
      rights = () => (failures-- > 0 ? Promise.reject(new Error('no Postgres')) : true);
      write('unknown', 'one', [line(1, 'a')]);
      await writer.flush();
      expect(await stored('unknown', 'one')).toEqual(['a']);
      expect(troubles).toEqual([{ kind: 'delayed', error: expect.any(Error) }, { kind: 'recovered' }]);
    });
  });
});
