import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { invoke, lambdaClient, refusal, ROLE, untilUpdated } from './lambda.js';
import { boto3Environment, commandLineEnvironment, pipPackages } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';

const INSTALL_MS = 240_000;
const RUN = randomUUID().slice(0, 8);
const PYTHON = `hearth-e2e/python-${RUN}:v1`;
const SHELL = `hearth-e2e/shell-${RUN}:v1`;

const APP = (version: string) => `
import os
def handler(event, context):
    print("handling", context.aws_request_id)
    if event.get("fail"):
        raise ValueError("as asked")
    return {"version": "${version}", "event": event, "name": context.function_name, "memory": context.memory_limit_in_mb,
            "secret": os.environ.get("SECRET"), "image": os.environ.get("FROM_IMAGE"), "uid": os.getuid(), "cwd": os.getcwd()}
def other(event, context):
    return "the other one"
`;

/** `docker build`, as users build. */
async function build(tag: string, dockerfile: string, files: Record<string, string>, folders: Record<string, string> = {}): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'hearth-image-'));
  try {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    for (const [name, text] of Object.entries(files)) await writeFile(join(context, name), text, { mode: 0o755 });
    for (const [name, source] of Object.entries(folders)) await cp(source, join(context, name), { recursive: true });
    await run('docker', ['build', '--quiet', '--pull=false', '--label', 'hearth.test=img', '--tag', tag, context], { env: { DOCKER_BUILDKIT: '0' } });
  } finally {
    await rm(context, { recursive: true });
  }
}

async function buildPython(version: string): Promise<void> {
  const client = await pipPackages('awslambdaric==4.2.2', '--python-version=3.13', '--only-binary=:all:');
  await build(
    PYTHON,
    // The user and the environment of the image; a file that only its owner could read would not do on Lambda either.
    'FROM hearth/python3.13\nUSER 0\nCOPY site /srv/site\nCOPY app.py /srv/\nRUN chmod -R a+rX /srv\nENV PYTHONPATH=/srv/site:/srv FROM_IMAGE=yes\nWORKDIR /srv\nENTRYPOINT ["/var/lang/bin/python3", "-m", "awslambdaric"]\nCMD ["app.handler"]\n',
    { 'app.py': APP(version) },
    { site: client },
  );
}

describe('container images', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    await run(join(projectRoot(), 'infra/runtimes/image-launcher/build.sh'), []);
    platform = await Platform.start({ HEARTH_IMAGE_PREFIXES: 'hearth-e2e/' });
    client = lambdaClient(platform);
    await buildPython('one');
  }, INSTALL_MS);
  afterAll(async () => {
    const ids = await Promise.all(['python', 'shell'].map((name) => client.send(new GetFunctionConfigurationCommand({ FunctionName: name })).catch(() => undefined)));
    await platform?.stop();
    const kept = await run('docker', ['images', '--quiet', '--no-trunc', '--filter', 'label=hearth.test=img']);
    expect(ids.every((each) => each === undefined || kept.includes(each.CodeSha256!))).toBe(true);
    for (const image of new Set(kept.trim().split('\n'))) await run('docker', ['image', 'rm', '--force', image]).catch(() => undefined); // One is another's parent.
  }, 60_000);

  it(
    'run with the official Python client, deployed with the AWS command line, and change with their code only',
    async () => {
      const environment = { ...platform.clientEnvironment(), ...(await commandLineEnvironment()) };
      const aws = async (...args: string[]) => JSON.parse((await run('python3', ['-m', 'awscli', 'lambda', ...args, '--output', 'json'], { env: environment })) || 'null');
      const created = await aws('create-function', '--function-name', 'python', '--package-type', 'Image', '--code', `ImageUri=${PYTHON}`, '--role', ROLE, '--environment', 'Variables={SECRET=canary}', '--timeout', '20');
      expect(created).toMatchObject({ PackageType: 'Image', State: 'Pending', CodeSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
      await aws('wait', 'function-active-v2', '--function-name', 'python');
      const answer = await invoke(client, 'python', { n: 1 }, { LogType: 'Tail' });
      expect(JSON.parse(answer.text)).toEqual({ version: 'one', event: { n: 1 }, name: 'python', memory: '128', secret: 'canary', image: 'yes', uid: 993, cwd: '/srv' });
      expect(answer.log).toContain(`handling ${answer.requestId}`);
      const failed = await invoke(client, 'python', { fail: true });
      expect(failed.functionError).toBe('Unhandled');
      expect(JSON.parse(failed.text)).toMatchObject({ errorType: 'ValueError', errorMessage: 'as asked' });

      await buildPython('two');
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'python', MemorySize: 256 }));
      await untilUpdated(client, 'python');
      expect(JSON.parse((await invoke(client, 'python')).text)).toMatchObject({ version: 'one', memory: '256' });
      await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'python', ImageUri: PYTHON }));
      await untilUpdated(client, 'python');
      expect(JSON.parse((await invoke(client, 'python')).text)).toMatchObject({ version: 'two' });
      const { Code, Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'python' }));
      expect(Code).toEqual({ RepositoryType: 'ECR', ImageUri: PYTHON, ResolvedImageUri: `${PYTHON.replace(':v1', '')}@sha256:${Configuration!.CodeSha256}` });
      expect(Configuration!.CodeSha256).not.toBe(created.CodeSha256);

      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'python', ImageConfig: { Command: ['app.other'] } }));
      await untilUpdated(client, 'python');
      expect((await invoke(client, 'python')).text).toBe('"the other one"');
    },
    INSTALL_MS,
  );

  it(
    'run without any client, deployed with boto3',
    async () => {
      const bootstrap = join(projectRoot(), 'libs/sandbox/testing/functions/shell/bootstrap');
      await build(SHELL, 'FROM hearth/provided\nCOPY shell/bootstrap /srv/run\nENTRYPOINT ["/srv/run"]\n', {}, { shell: join(bootstrap, '..') });
      const script = `
import boto3, json
client = boto3.client('lambda')
client.create_function(FunctionName='shell', PackageType='Image', Code={'ImageUri': '${SHELL}'}, Role='${ROLE}', Publish=True)
client.get_waiter('function_active_v2').wait(FunctionName='shell', Qualifier='1', WaiterConfig={'Delay': 1})
print(client.invoke(FunctionName='shell', Qualifier='1', Payload=json.dumps({'n': 1}))['Payload'].read().decode())`;
      expect(JSON.parse(await run('python3', ['-c', script], { env: { ...platform.clientEnvironment(), ...(await boto3Environment()) } }))).toEqual({ echo: { n: 1 } });
      expect(await invoke(client, 'shell', { exit: true })).toMatchObject({ functionError: 'Unhandled', text: expect.stringContaining('Runtime exited with error: exit status 7') });
    },
    INSTALL_MS,
  );

  it('that cannot be had, or may not be used, are refused when they are named; those that cannot start say why', async () => {
    const create = (FunctionName: string, ImageUri: string, more: object = {}) => client.send(new CreateFunctionCommand({ FunctionName, Role: ROLE, PackageType: 'Image', Code: { ImageUri }, ...more }));
    expect(await refusal(create('none', 'library/debian:bookworm'))).toMatchObject({ name: 'InvalidParameterValueException', status: 400, message: expect.stringContaining('does not have permission') });
    expect(await refusal(create('none', 'hearth-e2e/Not Valid'))).toMatchObject({ name: 'InvalidParameterValueException', message: expect.stringContaining('is not valid') });
    expect(await refusal(create('none', PYTHON, { Runtime: 'python3.13', Handler: 'app.handler' }))).toMatchObject({ name: 'InvalidParameterValueException', message: "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image." });
    await create('entryless', PYTHON, { ImageConfig: { EntryPoint: ['/nowhere'] } });
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { FunctionName: 'entryless' });
    expect(JSON.parse((await invoke(client, 'entryless')).text)).toEqual({ errorType: 'Runtime.InvalidEntrypoint', errorMessage: expect.stringContaining('fork/exec /nowhere: no such file or directory') });
  });
});
