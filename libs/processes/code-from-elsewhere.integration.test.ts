import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateFunctionCommand, InvokeCommand, UpdateFunctionCodeCommand, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2, type LambdaClient } from '@aws-sdk/client-lambda';
import { S3LikeServer } from '@hearth/artifacts';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

const run = promisify(execFile);
const says = (word: string) => zipOf({ 'index.mjs': `export const handler = async () => '${word}';` });

describe('code that is named instead of sent', () => {
  let platform: InProcessPlatform;
  let store: S3LikeServer;
  let lambda: LambdaClient;
  let directory: string;

  beforeAll(async () => {
    store = await S3LikeServer.start();
    platform = await InProcessPlatform.start({
      HEARTH_S3_ENDPOINT: store.endpoint,
      HEARTH_S3_REGION: store.region,
      HEARTH_S3_ACCESS_KEY_ID: store.credentials.accessKeyId,
      HEARTH_S3_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    });
    lambda = platform.lambda();
    directory = await mkdtemp(join(tmpdir(), 'hearth-upload-'));
  }, 60_000);

  afterAll(async () => {
    await platform?.stop();
    await store?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const create = (name: string, code: { S3Bucket: string; S3Key: string; S3ObjectVersion?: string }) =>
    lambda.send(new CreateFunctionCommand({ FunctionName: name, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: code, Timeout: 20 }));
  const answer = async (name: string): Promise<string> => Buffer.from((await lambda.send(new InvokeCommand({ FunctionName: name }))).Payload!).toString();

  async function curl(method: string, path: string, file?: string, secret = platform.credentials.secretAccessKey): Promise<{ status: number; body: string }> {
    const { stdout } = await run('curl', [
      ...['-sS', '-X', method, '--aws-sigv4', 'aws:amz:us-east-1:lambda', '--user', `${platform.credentials.accessKeyId}:${secret}`, '-w', '\n%{http_code}'],
      ...(file === undefined ? [] : ['-H', 'content-type: application/zip', '--data-binary', `@${file}`]),
      `${platform.endpoint}${path}`,
    ]);
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
  }

  it('comes from an S3-compatible store, and an update from a version of an object', async () => {
    store.objects.set('code/f.zip', await says('stored'));
    store.objects.set('code/f.zip?versionId=7', await says('seventh'));
    await create('stored', { S3Bucket: 'code', S3Key: 'f.zip' });
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'stored' });
    expect(await answer('stored')).toBe('"stored"');
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'stored', S3Bucket: 'code', S3Key: 'f.zip', S3ObjectVersion: '7' }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'stored' });
    expect(await answer('stored')).toBe('"seventh"');
  }, 60_000);

  it('is refused in the words of Lambda when it is not there', async () => {
    expect(await refusal(create('missing', { S3Bucket: 'code', S3Key: 'no.zip' }))).toEqual({
      name: 'InvalidParameterValueException',
      status: 400,
      message: 'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    });
    expect((await refusal(create('missing', { S3Bucket: 'no-bucket', S3Key: 'f.zip' }))).message).toContain('S3 Error Code: NoSuchBucket.');
    store.objects.set('code/broken.zip', Buffer.from('no zip'));
    expect((await refusal(create('missing', { S3Bucket: 'code', S3Key: 'broken.zip' }))).message).toBe('Could not unzip uploaded file. Please check your file, then try to upload again.');
  });

  it('is uploaded to Hearth with a signed PUT and used as S3Bucket hearth-artifacts', async () => {
    const file = join(directory, 'f.zip');
    await writeFile(file, await says('uploaded'));
    const uploaded = await curl('PUT', '/_hearth/artifacts/team/f.zip', file);
    expect(uploaded.status).toBe(200);
    const { S3Bucket, S3Key, S3ObjectVersion } = JSON.parse(uploaded.body);
    expect({ S3Bucket, S3Key }).toEqual({ S3Bucket: 'hearth-artifacts', S3Key: 'team/f.zip' });
    await create('uploaded', { S3Bucket, S3Key, S3ObjectVersion });
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'uploaded' });
    expect(await answer('uploaded')).toBe('"uploaded"');

    expect((await curl('PUT', '/_hearth/artifacts/team/f.zip', file)).status).toBe(200);
    expect((await refusal(create('stale', { S3Bucket, S3Key, S3ObjectVersion }))).message).toContain('S3 Error Code: NoSuchVersion.');
    expect((await curl('DELETE', '/_hearth/artifacts/team/f.zip')).status).toBe(204);
    expect((await refusal(create('gone', { S3Bucket, S3Key }))).message).toContain('S3 Error Code: NoSuchKey.');
    // The function keeps what it has copied.
    expect(await answer('uploaded')).toBe('"uploaded"');
  }, 60_000);

  it('is taken from nobody whose signature is wrong', async () => {
    const file = join(directory, 'g.zip');
    await writeFile(file, await says('forged'));
    const forged = await curl('PUT', '/_hearth/artifacts/g.zip', file, 'wrong');
    expect(forged.status).toBe(403);
    expect((await fetch(`${platform.endpoint}/_hearth/artifacts/g.zip`, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await refusal(create('forged', { S3Bucket: 'hearth-artifacts', S3Key: 'g.zip' }))).message).toContain('S3 Error Code: NoSuchKey.');
  });
});
