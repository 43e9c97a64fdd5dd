import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  paginateListFunctions,
  PublishVersionCommand,
  paginateListVersionsByFunction,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { createHash } from 'node:crypto';
import { deploy, invoke, lambdaClient, refusal, ROLE, untilUpdated } from './lambda.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { zip } from './zip.js';

const ANSWER = (text: string) => `exports.handler = async () => ${JSON.stringify(text)};`;

describe('deploying with an unmodified AWS SDK', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start();
    client = lambdaClient(platform);
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  it('creates a function that becomes active, with the defaults of Lambda', async () => {
    const archive = await zip({ 'index.js': ANSWER('one') });
    const created = await client.send(new CreateFunctionCommand({ FunctionName: 'defaults', Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: archive } }));
    expect(created.$metadata.httpStatusCode).toBe(201);
    expect(created).toMatchObject({
      FunctionName: 'defaults',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:defaults',
      State: 'Pending',
      StateReasonCode: 'Creating',
      Version: '$LATEST',
      MemorySize: 128,
      Timeout: 3,
      Description: '',
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      TracingConfig: { Mode: 'PassThrough' },
      CodeSize: archive.length,
      CodeSha256: createHash('sha256').update(archive).digest('base64'),
    });
    await untilUpdated(client, 'defaults');
    const active = await client.send(new GetFunctionCommand({ FunctionName: 'defaults' }));
    expect(active.Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect(active.Configuration?.RevisionId).not.toBe(created.RevisionId);
    const download = await fetch(active.Code?.Location as string);
    expect(Buffer.from(await download.arrayBuffer()).equals(archive)).toBe(true);
    expect((await invoke(client, 'defaults')).text).toBe('"one"');
  });

  it('runs new code as soon as an update is through, and the old one never again', async () => {
    await deploy(client, 'updated', ANSWER('before'));
    expect((await invoke(client, 'updated')).text).toBe('"before"');
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'updated', ZipFile: await zip({ 'index.js': ANSWER('after') }) }));
    await untilUpdated(client, 'updated');
    const answers = await Promise.all(Array.from({ length: 10 }, () => invoke(client, 'updated')));
    expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(['"after"']));
  });

  it('publishes versions that stay as they were', async () => {
    await deploy(client, 'versioned', ANSWER('v1'));
    expect((await client.send(new PublishVersionCommand({ FunctionName: 'versioned' }))).Version).toBe('1');
    // Nothing changed: no new version.
    expect((await client.send(new PublishVersionCommand({ FunctionName: 'versioned' }))).Version).toBe('1');
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'versioned', ZipFile: await zip({ 'index.js': ANSWER('v2') }) }));
    await untilUpdated(client, 'versioned');
    expect((await client.send(new PublishVersionCommand({ FunctionName: 'versioned' }))).Version).toBe('2');
    expect(await invoke(client, 'versioned', {}, { Qualifier: '1' })).toMatchObject({ text: '"v1"', version: '1' });
    expect(await invoke(client, 'versioned:2')).toMatchObject({ text: '"v2"', version: '2' });
    expect(await invoke(client, 'arn:aws:lambda:us-east-1:000000000000:function:versioned')).toMatchObject({ text: '"v2"', version: '$LATEST' });
    const versions: (string | undefined)[] = [];
    for await (const page of paginateListVersionsByFunction({ client }, { FunctionName: 'versioned' })) versions.push(...(page.Versions ?? []).map((version) => version.Version));
    expect(versions).toEqual(['$LATEST', '1', '2']);
  });

  it('gives a function its environment variables, and keeps them out of docker inspect', async () => {
    const canary = `canary-${Math.random().toString(36).slice(2)}`;
    await deploy(client, 'configured', 'exports.handler = async () => ({ secret: process.env.SECRET, name: process.env.AWS_LAMBDA_FUNCTION_NAME, other: process.env.OTHER });', {
      Environment: { Variables: { SECRET: canary } },
    });
    expect(JSON.parse((await invoke(client, 'configured')).text)).toEqual({ secret: canary, name: 'configured' });
    const containers = (await run('docker', ['ps', '-aq'])).split('\n').filter(Boolean);
    expect(containers.length).toBeGreaterThan(0);
    // One by one: other tests' containers may go away meanwhile.
    const inspected = await Promise.all(containers.map((id) => run('docker', ['inspect', id]).catch(() => '')));
    expect(inspected.join('')).toContain('"Config"');
    expect(inspected.join('')).not.toContain(canary);

    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'configured', Environment: { Variables: { OTHER: 'x' } }, MemorySize: 256 }));
    await untilUpdated(client, 'configured');
    expect(JSON.parse((await invoke(client, 'configured')).text)).toEqual({ other: 'x', name: 'configured' });
    expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'configured' }))).toMatchObject({ MemorySize: 256, Timeout: 10 });
  });

  it('lists 120 functions page by page, each once', async () => {
    const archive = await zip({ 'index.js': ANSWER('x') });
    const names = Array.from({ length: 120 }, (_, i) => `listed-${String(i).padStart(3, '0')}`);
    const queue = [...names];
    const deployNext = async () => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        await client.send(new CreateFunctionCommand({ FunctionName: name, Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: archive } }));
      }
    };
    await Promise.all(Array.from({ length: 8 }, deployNext));
    const seen: string[] = [];
    let pages = 0;
    for await (const page of paginateListFunctions({ client }, {})) {
      pages++;
      expect(page.Functions?.length).toBeLessThanOrEqual(50);
      seen.push(...(page.Functions ?? []).map((item) => item.FunctionName as string));
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((name) => name.startsWith('listed-')).sort()).toEqual(names);
  });

  it('deletes a function for good', async () => {
    await deploy(client, 'gone', ANSWER('here'));
    await invoke(client, 'gone');
    await client.send(new DeleteFunctionCommand({ FunctionName: 'gone' }));
    const notFound = { name: 'ResourceNotFoundException', status: 404 };
    expect(await refusal(client.send(new GetFunctionCommand({ FunctionName: 'gone' })))).toMatchObject(notFound);
    expect(await refusal(invoke(client, 'gone'))).toMatchObject({ ...notFound, message: expect.stringContaining('Function not found: arn:aws:lambda:us-east-1:000000000000:function:gone') as unknown });
  });
});
