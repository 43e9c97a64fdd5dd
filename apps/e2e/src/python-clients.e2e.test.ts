import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { boto3Environment, commandLineEnvironment } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { zip } from './zip.js';

const INSTALL_MS = 240_000;
const ACCOUNT = '000000000000';

describe('the Python clients, unmodified', () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await Platform.start();
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  it(
    'boto3 over every group of operations',
    async () => {
      const env = { ...platform.clientEnvironment(), ...(await boto3Environment()) };
      const seen = JSON.parse(await run('python3', [join(projectRoot(), 'apps/e2e/src/boto3-operations.py')], { env })) as unknown;
      expect(seen).toEqual({
        versions: ['$LATEST', '1', '2'],
        alias: ['layer', 'one', '1'],
        routed: true,
        aliases: ['live'],
        layers: ['words'],
        log: true,
        throttled: 'TooManyRequestsException',
        retries: [1],
        recursion: 'Allow',
        runtime: 'Auto',
        tags: { stage: 'b' },
        signed: true,
        mappings: [5],
        functions: 1,
        policy: ['url'],
        url: '$LATEST',
        'no policy': 'ResourceNotFoundException',
        'policy versions': ['v1', 'v2'],
        ann: `arn:aws:iam::${ACCOUNT}:user/ann`,
        'ann lists': 1,
        'ann may not': 'AccessDeniedException',
        simulated: ['allowed', 'implicitDeny'],
        lister: `arn:aws:sts::${ACCOUNT}:assumed-role/lister/session`,
        users: [],
        deleted: 'ResourceNotFoundException',
      });
    },
    INSTALL_MS,
  );

  it(
    'the aws command line: lambda and iam',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'hearth-awscli-'));
      const env = { ...platform.clientEnvironment(), ...(await commandLineEnvironment()) };
      const aws = async (...words: string[]): Promise<any> => {
        const text = await run('python3', ['-m', 'awscli', '--endpoint-url', platform.endpoint, '--output', 'json', ...words], { cwd: folder, env });
        return text.trim() === '' ? undefined : JSON.parse(text);
      };
      try {
        const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
        await writeFile(join(folder, 'trust.json'), JSON.stringify(trust));
        await writeFile(join(folder, 'function.zip'), await zip({ 'index.mjs': 'export const handler = async (event) => ({ hello: event.name });' }));
        const { Role } = await aws('iam', 'create-role', '--role-name', 'cli', '--assume-role-policy-document', 'file://trust.json');
        await aws('iam', 'attach-role-policy', '--role-name', 'cli', '--policy-arn', 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole');
        expect((await aws('iam', 'list-attached-role-policies', '--role-name', 'cli')).AttachedPolicies).toEqual([
          { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' },
        ]);
        await aws('lambda', 'create-function', '--function-name', 'cli', '--runtime', 'nodejs22.x', '--handler', 'index.handler', '--role', Role.Arn, '--zip-file', 'fileb://function.zip');
        await aws('lambda', 'wait', 'function-active-v2', '--function-name', 'cli');
        await writeFile(join(folder, 'event.json'), '{"name":"cli"}');
        expect(await aws('lambda', 'invoke', '--function-name', 'cli', '--payload', 'file://event.json', 'answer.json')).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
        expect(JSON.parse(await run('cat', [join(folder, 'answer.json')]))).toEqual({ hello: 'cli' });
        await aws('lambda', 'update-function-configuration', '--function-name', 'cli', '--timeout', '9', '--environment', 'Variables={ONE=1,TWO=two}');
        await aws('lambda', 'wait', 'function-updated-v2', '--function-name', 'cli');
        await aws('lambda', 'publish-version', '--function-name', 'cli');
        await aws('lambda', 'create-alias', '--function-name', 'cli', '--name', 'live', '--function-version', '1');
        expect(await aws('lambda', 'list-functions', '--query', "Functions[?FunctionName=='cli'].[FunctionName,Timeout]")).toEqual([['cli', 9]]);
        expect((await aws('lambda', 'get-function', '--function-name', 'cli', '--qualifier', 'live')).Configuration).toMatchObject({ Version: '1', Environment: { Variables: { ONE: '1', TWO: 'two' } } });
        await expect(aws('lambda', 'get-function', '--function-name', 'nope')).rejects.toThrow(/ResourceNotFoundException.*Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope/s);
        await aws('lambda', 'delete-function', '--function-name', 'cli');
        expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root` });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    INSTALL_MS,
  );
});
