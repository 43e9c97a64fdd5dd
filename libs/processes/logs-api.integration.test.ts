import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  paginateDescribeLogGroups,
  paginateDescribeLogStreams,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  PutLogGroupDeletionProtectionCommand,
  PutRetentionPolicyCommand,
  StartQueryCommand,
  TagResourceCommand,
  UntagResourceCommand,
  type FilterLogEventsCommandInput,
  type InputLogEvent,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { ACCOUNT, endpointFixture, type EndpointFixture } from './testing/endpoint-fixture.js';
import { refusal } from './testing/in-process-platform.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const arn = (name: string) => `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${name}`;

describe('the API of CloudWatch Logs', () => {
  let hearth: EndpointFixture;
  let logs: CloudWatchLogsClient;

  beforeAll(async () => {
    hearth = await endpointFixture();
    logs = new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials: hearth.key, maxAttempts: 1 });
  }, 60_000);
  afterAll(async () => {
    logs?.destroy();
    await hearth?.close();
  });
  afterEach(() => expect(hearth.errors).toEqual([]));

  async function stream(group: string, name = 's'): Promise<{ logGroupName: string; logStreamName: string }> {
    await logs.send(new CreateLogGroupCommand({ logGroupName: group })).catch((error: Error) => {
      if (error.name !== 'ResourceAlreadyExistsException') throw error;
    });
    await logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: name }));
    return { logGroupName: group, logStreamName: name };
  }
  const put = (place: { logGroupName: string; logStreamName: string }, logEvents: InputLogEvent[]) => logs.send(new PutLogEventsCommand({ ...place, logEvents }));

  it('keeps groups: creates, lists in pages by prefix and by pattern, protects and deletes', async () => {
    for (const logGroupName of ['/g/a', '/g/b', '/g/c', '/h/a']) await logs.send(new CreateLogGroupCommand({ logGroupName, tags: { team: logGroupName } }));
    expect(await refusal(logs.send(new CreateLogGroupCommand({ logGroupName: '/g/a' })))).toEqual({
      name: 'ResourceAlreadyExistsException',
      status: 400,
      message: 'The specified log group already exists',
    });
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateDescribeLogGroups({ client: logs, pageSize: 2 }, { logGroupNamePrefix: '/g/' })) pages.push(page.logGroups!.map(({ logGroupName }) => logGroupName));
    expect(pages).toEqual([['/g/a', '/g/b'], ['/g/c']]);
    const named = async (input: object) => (await logs.send(new DescribeLogGroupsCommand(input))).logGroups!.map(({ logGroupName }) => logGroupName);
    expect(await named({ logGroupNamePattern: 'h/' })).toEqual(['/h/a']);
    expect(await named({ logGroupNamePattern: 'H/' })).toEqual([]);
    expect(await named({ logGroupIdentifiers: [arn('/g/b'), '/h/a'] })).toEqual(['/g/b', '/h/a']);
    const [group] = (await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/h/a' }))).logGroups!;
    expect(group).toEqual({
      logGroupName: '/h/a',
      creationTime: expect.any(Number),
      metricFilterCount: 0,
      arn: `${arn('/h/a')}:*`,
      logGroupArn: arn('/h/a'),
      storedBytes: 0,
      logGroupClass: 'STANDARD',
      deletionProtectionEnabled: false,
    });
    await logs.send(new PutLogGroupDeletionProtectionCommand({ logGroupIdentifier: '/h/a', deletionProtectionEnabled: true }));
    expect((await refusal(logs.send(new DeleteLogGroupCommand({ logGroupName: '/h/a' })))).name).toBe('OperationAbortedException');
    await logs.send(new DeleteLogGroupCommand({ logGroupName: '/g/a' }));
    expect(await refusal(logs.send(new DeleteLogGroupCommand({ logGroupName: '/g/a' })))).toEqual({
      name: 'ResourceNotFoundException',
      status: 400,
      message: 'The specified log group does not exist.',
    });
  });

  it('keeps streams: lists them by name and by their last event', async () => {
    const now = Date.now();
    for (const name of ['b', 'a', 'c']) await put(await stream('/streams', name), [{ timestamp: now - name.charCodeAt(0), message: 'm' }]);
    const names = async (input: object) => {
      const found: (string | undefined)[] = [];
      for await (const page of paginateDescribeLogStreams({ client: logs, pageSize: 2 }, { logGroupName: '/streams', ...input })) found.push(...page.logStreams!.map(({ logStreamName }) => logStreamName));
      return found;
    };
    expect(await names({})).toEqual(['a', 'b', 'c']);
    expect(await names({ descending: true })).toEqual(['c', 'b', 'a']);
    expect(await names({ orderBy: 'LastEventTime' })).toEqual(['c', 'b', 'a']);
    expect(await names({ orderBy: 'LastEventTime', descending: true })).toEqual(['a', 'b', 'c']);
    expect(await names({ logStreamNamePrefix: 'b' })).toEqual(['b']);
    expect((await refusal(logs.send(new DescribeLogStreamsCommand({ logGroupName: '/streams', orderBy: 'LastEventTime', logStreamNamePrefix: 'a' })))).name).toBe('InvalidParameterException');
    const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupIdentifier: arn('/streams'), limit: 1 }));
    expect(logStreams![0]).toMatchObject({ arn: `${arn('/streams')}:log-stream:a`, firstEventTimestamp: expect.any(Number), lastEventTimestamp: expect.any(Number), lastIngestionTime: expect.any(Number), storedBytes: 0 });
    await logs.send(new DeleteLogStreamCommand({ logGroupName: '/streams', logStreamName: 'a' }));
    expect(await names({})).toEqual(['b', 'c']);
    expect(await refusal(logs.send(new GetLogEventsCommand({ logGroupName: '/streams', logStreamName: 'a' })))).toMatchObject({ name: 'ResourceNotFoundException', message: 'The specified log stream does not exist.' });
    expect((await refusal(stream('/streams', 'b'))).name).toBe('ResourceAlreadyExistsException');
  });

  it('takes events within the limits, and says which it does not take', async () => {
    const place = await stream('/put');
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/put', retentionInDays: 1 }));
    const now = Date.now();
    const old = await put(place, [{ timestamp: now - 15 * DAY_MS, message: 'too old' }, { timestamp: now - 14 * DAY_MS - HOUR_MS, message: 'too old' }]);
    expect(old.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 2, expiredLogEventEndIndex: 2 });
    expect(old.nextSequenceToken).toMatch(/^\d{56}$/);
    const mixed = await put(place, [{ timestamp: now - DAY_MS + 3 * HOUR_MS, message: 'taken' }, { timestamp: now, message: 'taken' }, { timestamp: now + 2.5 * HOUR_MS, message: 'too new' }]);
    expect(mixed.rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 2 });
    const expired = await put(place, [{ timestamp: now - DAY_MS - HOUR_MS, message: 'expired' }, { timestamp: now - HOUR_MS, message: 'taken' }]);
    expect(expired.rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
    expect((await put(place, [{ timestamp: now, message: 'taken' }])).rejectedLogEventsInfo).toBeUndefined();
    const { events } = await logs.send(new GetLogEventsCommand(place));
    expect(events!.map(({ message }) => message)).toEqual(['taken', 'taken', 'taken', 'taken']);
    const message = async (logEvents: InputLogEvent[]) => (await refusal(put(place, logEvents))).message;
    expect(await message([{ timestamp: now, message: 'a' }, { timestamp: now - 1, message: 'b' }])).toBe('Log events in a single PutLogEvents request must be in chronological order.');
    expect(await message([{ timestamp: now - DAY_MS - 1, message: 'a' }, { timestamp: now, message: 'b' }])).toBe('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
    expect(await message(Array.from({ length: 5 }, () => ({ timestamp: now, message: 'x'.repeat(250_000) })))).toBe('Upload too large: 1250130 bytes exceeds limit of 1048576');
    expect(await message([{ timestamp: now, message: 'x'.repeat(1_048_551) }])).toBe('Log event too large: 1048577 bytes exceeds limit of 1048576');
    expect((await refusal(put({ ...place, logStreamName: 'none' }, [{ timestamp: now, message: 'a' }]))).name).toBe('ResourceNotFoundException');
    const whole = await stream('/put', 'whole');
    await put(whole, [{ timestamp: now, message: '"'.repeat(1_048_550) }]);
    expect((await logs.send(new GetLogEventsCommand(whole))).events![0]!.message).toHaveLength(1_048_550);
    const withEntity = await logs.send(new PutLogEventsCommand({ ...place, logEvents: [{ timestamp: now, message: 'a' }], entity: { keyAttributes: { Type: 'Service', Name: 'n' } } }));
    expect(withEntity.rejectedEntityInfo).toEqual({ errorType: 'UnsupportedLogGroupType' });
  });

  it('pages through a stream forwards and backwards; the same token says that there is no more', async () => {
    const place = await stream('/pages');
    const now = Date.now();
    await put(place, Array.from({ length: 10 }, (_, n) => ({ timestamp: now + Math.floor(n / 3), message: `m${n}` })));
    const get = async (input: object) => {
      const { events, nextForwardToken, nextBackwardToken } = await logs.send(new GetLogEventsCommand({ ...place, limit: 4, ...input }));
      return { got: events!.map(({ message }) => message), forward: nextForwardToken, backward: nextBackwardToken };
    };
    const first = await get({ startFromHead: true });
    expect(first.got).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(first.forward).toMatch(/^f\/\d{56}\/s$/);
    expect(first.backward).toMatch(/^b\/\d{56}\/s$/);
    const second = await get({ nextToken: first.forward });
    expect(second.got).toEqual(['m4', 'm5', 'm6', 'm7']);
    const third = await get({ nextToken: second.forward });
    expect(third.got).toEqual(['m8', 'm9']);
    const end = await get({ nextToken: third.forward });
    expect(end).toEqual({ got: [], forward: third.forward, backward: expect.any(String) });
    await put(place, [{ timestamp: now + 10, message: 'later' }]);
    expect((await get({ nextToken: end.forward })).got).toEqual(['later']);

    const newest = await get({});
    expect(newest.got).toEqual(['m7', 'm8', 'm9', 'later']);
    const before = await get({ nextToken: newest.backward });
    expect(before.got).toEqual(['m3', 'm4', 'm5', 'm6']);
    const oldest = await get({ nextToken: before.backward });
    expect(oldest.got).toEqual(['m0', 'm1', 'm2']);
    expect((await get({ nextToken: oldest.backward })).backward).toBe(oldest.backward);
    expect((await get({ nextToken: oldest.forward })).got).toEqual(['m3', 'm4', 'm5', 'm6']);
    expect((await get({ startTime: now + 1, endTime: now + 2, startFromHead: true })).got).toEqual(['m3', 'm4', 'm5']);
    for (const nextToken of ['nonsense', 'f/12/s', `x/${'0'.repeat(56)}/s`]) expect(await refusal(get({ nextToken }))).toMatchObject({ name: 'InvalidParameterException', message: 'The specified nextToken is invalid.' });
    const none = await stream('/pages', 'empty');
    const empty = await logs.send(new GetLogEventsCommand(none));
    expect((await logs.send(new GetLogEventsCommand({ ...none, nextToken: empty.nextForwardToken }))).nextForwardToken).toBe(empty.nextForwardToken);
  });

  it('filters a group by time, streams and pattern', async () => {
    const now = Date.now();
    await put(await stream('/filter', 'one'), [{ timestamp: now, message: 'ERROR in one' }, { timestamp: now + 2, message: JSON.stringify({ level: 'error', ms: 12 }) }]);
    await put(await stream('/filter', 'two'), [{ timestamp: now + 1, message: 'ERROR in two' }, { timestamp: now + 3, message: '10.0.0.1 GET 404' }]);
    const filter = async (input: Partial<FilterLogEventsCommandInput>) => {
      const found: string[] = [];
      for await (const page of paginateFilterLogEvents({ client: logs, pageSize: 2 }, { logGroupName: '/filter', ...input })) found.push(...page.events!.map(({ message, logStreamName }) => `${logStreamName}: ${message}`));
      return found;
    };
    expect(await filter({})).toEqual(['one: ERROR in one', 'two: ERROR in two', 'one: {"level":"error","ms":12}', 'two: 10.0.0.1 GET 404']);
    expect(await filter({ filterPattern: 'ERROR -two' })).toEqual(['one: ERROR in one']);
    expect(await filter({ filterPattern: '{ $.level = "error" && $.ms > 10 }' })).toEqual(['one: {"level":"error","ms":12}']);
    expect(await filter({ filterPattern: '[ip = 10.*, verb, status = 4*]' })).toEqual(['two: 10.0.0.1 GET 404']);
    expect(await filter({ logStreamNames: ['two'], filterPattern: 'ERROR' })).toEqual(['two: ERROR in two']);
    expect(await filter({ logStreamNamePrefix: 'o', startTime: now + 1 })).toEqual(['one: {"level":"error","ms":12}']);
    expect(await filter({ logStreamNamePrefix: 'none' })).toEqual([]);
    expect(await filter({ startTime: now + 1, endTime: now + 3 })).toHaveLength(2);
    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupIdentifier: arn('/filter'), limit: 1 }));
    expect(events).toEqual([{ logStreamName: 'one', timestamp: now, message: 'ERROR in one', ingestionTime: expect.any(Number), eventId: expect.stringMatching(/^\d{56}$/) }]);
    expect((await refusal(filter({ logStreamNames: ['two', 'none'] }))).name).toBe('ResourceNotFoundException');
    expect((await refusal(filter({ filterPattern: '{ $.a' }))).name).toBe('InvalidParameterException');
    expect(await filter({ filterPattern: '%^ERR.*two$%' })).toEqual(['two: ERROR in two']);
    expect(await refusal(filter({ filterPattern: '%(ERR)%' }))).toMatchObject({ name: 'InvalidParameterException', status: 400 });
    expect((await refusal(logs.send(new FilterLogEventsCommand({ filterPattern: 'x' })))).name).toBe('InvalidParameterException');
    const both = { logGroupName: '/filter', logGroupIdentifier: '/filter' };
    expect((await refusal(logs.send(new FilterLogEventsCommand(both)))).name).toBe('InvalidParameterException');
  });

  it('hides what is past the retention, and shows it again when that is taken back', async () => {
    const place = await stream('/retention');
    await put(place, [{ timestamp: Date.now() - 2 * DAY_MS, message: 'old' }]);
    const count = async () => (await logs.send(new FilterLogEventsCommand({ logGroupName: '/retention' }))).events!.length;
    await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/retention', retentionInDays: 1 }));
    expect((await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/retention' }))).logGroups![0]).toMatchObject({ retentionInDays: 1, storedBytes: 29 });
    expect(await count()).toBe(0);
    await logs.send(new DeleteRetentionPolicyCommand({ logGroupName: '/retention' }));
    expect(await count()).toBe(1);
    expect((await refusal(logs.send(new PutRetentionPolicyCommand({ logGroupName: '/retention', retentionInDays: 2 })))).name).toBe('InvalidParameterException');
  });

  it('tags groups', async () => {
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/tags', tags: { a: '1' } }));
    const resourceArn = arn('/tags');
    await logs.send(new TagResourceCommand({ resourceArn, tags: { b: '2' } }));
    await logs.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
    expect((await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: '2' });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, 'v']));
    expect((await refusal(logs.send(new TagResourceCommand({ resourceArn, tags: many })))).name).toBe('TooManyTagsException');
    expect((await refusal(logs.send(new TagResourceCommand({ resourceArn: resourceArn.replace(ACCOUNT, '999999999999'), tags: { x: 'y' } })))).name).toBe('AccessDeniedException');
  });

  it('refuses what it does not do', async () => {
    const refused = async (call: Promise<unknown>) => expect(await refusal(call)).toMatchObject({ status: 501 });
    await refused(logs.send(new CreateLogGroupCommand({ logGroupName: '/x', kmsKeyId: 'k' })));
    await refused(logs.send(new CreateLogGroupCommand({ logGroupName: '/x', logGroupClass: 'INFREQUENT_ACCESS' })));
    await refused(logs.send(new StartQueryCommand({ logGroupName: '/x', queryString: 'fields @message', startTime: 1, endTime: 2 })));
  });

  it('asks for permission as policies for AWS are written', async () => {
    const iam = new IAMClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials: hearth.key });
    await iam.send(new CreateUserCommand({ UserName: 'reader' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'reader' }));
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const reader = new CloudWatchLogsClient({ endpoint: hearth.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
    await put(await stream('/mine'), [{ timestamp: Date.now(), message: 'm' }]);
    await stream('/other');
    await logs.send(new TagResourceCommand({ resourceArn: arn('/other'), tags: { secret: 'yes' } }));
    const allow = (Action: string[], Resource: string, more: object = {}) => ({ Effect: 'Allow', Action, Resource, ...more });
    const policy = (...Statement: object[]) => iam.send(new PutUserPolicyCommand({ UserName: 'reader', PolicyName: 'p', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }));
    await policy(allow(['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:DescribeLogStreams', 'logs:CreateLogStream', 'logs:PutLogEvents'], `${arn('/mine')}:*`), allow(['logs:ListTagsForResource'], arn('/mine')));
    const place = { logGroupName: '/mine', logStreamName: 's' };
    expect((await reader.send(new FilterLogEventsCommand({ logGroupName: '/mine' }))).events).toHaveLength(1);
    expect((await reader.send(new FilterLogEventsCommand({ logGroupIdentifier: arn('/mine') }))).events).toHaveLength(1);
    expect((await reader.send(new GetLogEventsCommand(place))).events).toHaveLength(1);
    await reader.send(new DescribeLogStreamsCommand({ logGroupName: '/mine' }));
    await reader.send(new CreateLogStreamCommand({ logGroupName: '/mine', logStreamName: 't' }));
    await reader.send(new PutLogEventsCommand({ ...place, logEvents: [{ timestamp: Date.now(), message: 'm' }] }));
    await reader.send(new ListTagsForResourceCommand({ resourceArn: arn('/mine') }));
    /** A policy that was replaced counts within a second. */
    const counts = async (mayDescribe: boolean) => {
      for (const deadline = Date.now() + 5_000; ; ) {
        const allowed = await reader.send(new DescribeLogGroupsCommand({})).then(
          () => true,
          () => false,
        );
        if (allowed === mayDescribe) return;
        expect(Date.now()).toBeLessThan(deadline);
      }
    };
    const denied = async (call: Promise<unknown>) => (await refusal(call)).message;
    expect(await denied(reader.send(new GetLogEventsCommand({ ...place, logGroupName: '/other' })))).toMatch(
      `is not authorized to perform: logs:GetLogEvents on resource: ${arn('/other')}:log-stream:s`,
    );
    expect(await denied(reader.send(new FilterLogEventsCommand({ logGroupName: '/other' })))).toMatch(`logs:FilterLogEvents on resource: ${arn('/other')}:log-stream:`);
    expect(await denied(reader.send(new DescribeLogGroupsCommand({})))).toMatch(`logs:DescribeLogGroups on resource: ${arn('')}:log-stream:`);
    expect(await denied(reader.send(new DeleteLogGroupCommand({ logGroupName: '/mine' })))).toMatch('logs:DeleteLogGroup');
    await policy(allow(['logs:*'], '*', { Condition: { StringNotEquals: { 'aws:ResourceTag/secret': 'yes' } } }));
    await counts(true);
    await reader.send(new FilterLogEventsCommand({ logGroupName: '/mine' }));
    expect(await denied(reader.send(new FilterLogEventsCommand({ logGroupName: '/other' })))).toMatch('logs:FilterLogEvents');
    await policy(allow(['logs:CreateLogGroup'], '*'));
    await counts(false);
    expect(await denied(reader.send(new CreateLogGroupCommand({ logGroupName: '/new', tags: { a: 'b' } })))).toMatch(`logs:TagResource on resource: ${arn('/new')}`);
    reader.destroy();
    iam.destroy();
  });
});
