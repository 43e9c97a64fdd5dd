import { DescribeLogStreamsCommand, FilterLogEventsCommand, GetLogEventsCommand, type CloudWatchLogsClient, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, DetachRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { until } from './until.js';

const CODE = `exports.handler = async (event, context) => {
  for (let n = 0; n < (event.lines ?? 1); n++) console.log(JSON.stringify({ n, mark: event.mark }));
  return context.logGroupName + ' ' + context.logStreamName;
};`;

describe('function logs', () => {
  let platform: Platform;
  let lambda: LambdaClient;
  let logs: CloudWatchLogsClient;

  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
    logs = platform.logs();
  }, 90_000);
  afterAll(async () => {
    lambda?.destroy();
    logs?.destroy();
    await platform?.stop();
  }, 60_000);

  /** Waits for the end of an invocation in its log. */
  function reported(logGroupName: string, requestId: string): Promise<FilteredLogEvent> {
    return until('the invocation is in the log', 10_000, async () => {
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: `REPORT "${requestId}"` })).catch((error: Error) => {
        if (error.name === 'ResourceNotFoundException') return { events: [] }; // It has not logged yet.
        throw error;
      });
      return events?.[0];
    });
  }

  it('are in the group and the stream that the function is told, in order, and page in both directions', async () => {
    await deploy(lambda, 'logged', CODE);
    const { text, requestId } = await invoke(lambda, 'logged', { lines: 30, mark: 'one' });
    const [logGroupName, logStreamName] = (JSON.parse(text) as string).split(' ') as [string, string];
    expect(logGroupName).toBe('/aws/lambda/logged');
    expect(logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect((await reported(logGroupName, requestId)).logStreamName).toBe(logStreamName);

    const { events: found } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: 'one' }));
    expect(found!.map(({ message }) => /{.*}/.exec(message!)![0])).toEqual(Array.from({ length: 30 }, (_, n) => JSON.stringify({ n, mark: 'one' })));

    const page = async (input: object) => {
      const { events, nextForwardToken, nextBackwardToken } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, limit: 10, ...input }));
      return { messages: events!.map(({ message }) => message!), nextForwardToken, nextBackwardToken };
    };
    const forwards: string[] = [];
    let nextToken: string | undefined;
    for (;;) {
      const { messages, nextForwardToken } = await page({ startFromHead: true, nextToken });
      forwards.push(...messages);
      if (nextForwardToken === nextToken) break;
      nextToken = nextForwardToken;
    }
    expect(forwards[0]).toMatch(/^INIT_START /);
    expect(forwards[1]).toBe(`START RequestId: ${requestId} Version: $LATEST\n`);
    expect(forwards.slice(2, 32).map((message) => /"n":(\d+)/.exec(message)![1])).toEqual(Array.from({ length: 30 }, (_, n) => String(n)));
    expect(forwards[32]).toBe(`END RequestId: ${requestId}\n`);
    expect(forwards[33]).toMatch(new RegExp(`^REPORT RequestId: ${requestId}\\t.*\\t\\n$`));
    expect(forwards).toHaveLength(34);

    const backwards: string[][] = [];
    nextToken = undefined;
    for (;;) {
      const { messages, nextBackwardToken } = await page({ nextToken });
      backwards.unshift(messages);
      if (nextBackwardToken === nextToken) break;
      nextToken = nextBackwardToken;
    }
    expect(backwards.flat()).toEqual(forwards);
  }, 60_000);

  it('go where LoggingConfig says', async () => {
    await deploy(lambda, 'elsewhere', CODE, { LoggingConfig: { LogGroup: '/team/shared', LogFormat: 'JSON' } });
    const { requestId } = await invoke(lambda, 'elsewhere', { mark: 'two' });
    const [event] = await until('the line is in the group', 10_000, async () => {
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/team/shared', filterPattern: `{ $.requestId = "${requestId}" }` })).catch(() => ({ events: [] }));
      return (events?.length ?? 0) > 0 && events;
    });
    expect(JSON.parse(event!.message!)).toMatchObject({ requestId, level: 'INFO' });
    expect((await logs.send(new DescribeLogStreamsCommand({ logGroupName: '/team/shared' }))).logStreams).toHaveLength(1);
  }, 60_000);

  it('are stored only as far as the execution role allows, within a second of a change', async () => {
    const iam = new IAMClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials });
    const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
    const right = { RoleName: 'silent', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' };
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: right.RoleName, AssumeRolePolicyDocument }));
    await deploy(lambda, 'silent', CODE, { Role: Role!.Arn });
    const silent = await invoke(lambda, 'silent', { mark: 'unheard' }, { LogType: 'Tail' });
    expect(silent.log).toContain('unheard');
    const denied = /^hearth_log_lines_denied_total\{[^}]*function_name="silent"[^}]*\} ([1-9]\d*)$/m;
    await until('the loss is counted', 5_000, async () => denied.test(await (await fetch(platform.metricsUrl)).text()));
    await expect(logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/silent' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });

    await iam.send(new AttachRolePolicyCommand(right));
    await until('lines are stored', 10_000, async () => {
      await invoke(lambda, 'silent', { mark: 'granted' });
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/silent', filterPattern: 'granted' })).catch(() => ({ events: [] }));
      return (events?.length ?? 0) > 0;
    });
    const said = async (mark: string) => (await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/silent', filterPattern: mark }))).events!.length;
    expect(await said('unheard')).toBe(0);

    await iam.send(new DetachRolePolicyCommand(right));
    iam.destroy();
    const detachedAt = Date.now();
    await until('a second has passed', 2_000, () => Date.now() - detachedAt >= 1_000);
    const before = Number(denied.exec(await (await fetch(platform.metricsUrl)).text())![1]);
    await invoke(lambda, 'silent', { mark: 'after' });
    await until('the loss is counted', 5_000, async () => Number(denied.exec(await (await fetch(platform.metricsUrl)).text())![1]) > before);
    expect(await said('after')).toBe(0);
  }, 60_000);

  it('survive a restart of the platform right after the answer', async () => {
    await deploy(lambda, 'restarted', CODE);
    const { requestId } = await invoke(lambda, 'restarted', { mark: 'three' });
    await platform.restart();
    const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/restarted', filterPattern: `"${requestId}"` }));
    expect(events!.map(({ message }) => /^(START|END|REPORT)/.exec(message!)?.[0] ?? 'line')).toEqual(['START', 'line', 'END', 'REPORT']);
    await platform.kill9();
    await platform.restart();
    expect((await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/restarted', filterPattern: `"${requestId}"` }))).events).toHaveLength(4);
  }, 120_000);

  it('are read by the AWS command line', async () => {
    await deploy(lambda, 'cli', CODE);
    const { requestId, text } = await invoke(lambda, 'cli', { mark: 'four' });
    await reported('/aws/lambda/cli', requestId);
    const aws = async (...words: string[]): Promise<any> => JSON.parse((await run('aws', ['--endpoint-url', platform.endpoint, '--output', 'json', 'logs', ...words], { env: platform.clientEnvironment() })) || '{}');
    expect((await aws('describe-log-groups', '--log-group-name-prefix', '/aws/lambda/cli')).logGroups).toHaveLength(1);
    const { events } = await aws('filter-log-events', '--log-group-name', '/aws/lambda/cli', '--filter-pattern', 'four');
    expect(events).toHaveLength(1);
    const stream = (JSON.parse(text) as string).split(' ')[1] as string;
    expect((await aws('get-log-events', '--log-group-name', '/aws/lambda/cli', '--log-stream-name', stream, '--start-from-head')).events).toHaveLength(5);
    await aws('put-retention-policy', '--log-group-name', '/aws/lambda/cli', '--retention-in-days', '7');
    expect((await aws('describe-log-groups', '--log-group-name-prefix', '/aws/lambda/cli')).logGroups[0].retentionInDays).toBe(7);
    const now = Date.now();
    await aws('create-log-stream', '--log-group-name', '/aws/lambda/cli', '--log-stream-name', 'own');
    await aws('put-log-events', '--log-group-name', '/aws/lambda/cli', '--log-stream-name', 'own', '--log-events', JSON.stringify([{ timestamp: now, message: 'by hand' }]));
    expect((await aws('filter-log-events', '--log-group-name', '/aws/lambda/cli', '--log-stream-names', 'own')).events[0]).toMatchObject({ timestamp: now, message: 'by hand' });
    await aws('delete-log-group', '--log-group-name', '/aws/lambda/cli');
    expect((await aws('describe-log-groups', '--log-group-name-prefix', '/aws/lambda/cli')).logGroups).toEqual([]);
  }, 120_000);
});
